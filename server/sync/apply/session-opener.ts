import type { ReplyHandler } from "../../redis/reply-scanner.ts";
import { DestinationSession } from "../destination/destination-session.ts";
import { Neighbors } from "../destination/neighbors.ts";
import { unfencedWarning } from "./continuation.ts";
import type { GenerationApplierOptions } from "./generation-applier-options.ts";

/** ms between two looks at who else is on the destination. */
const LOOK_MS = 1000;

type NoteFormer = Parameters<typeof DestinationSession.open>[1]["noteFormer"];

/** Opens one session at the destination after the other, and keeps between them what the destination may forget. */
export class SessionOpener {
  /** The one that is open. */
  current: DestinationSession | null = null;
  readonly #options: Pick<GenerationApplierOptions, "spec" | "limits" | "report" | "signal" | "now">;
  readonly neighbors: Neighbors;
  readonly #noteFormer: NoteFormer;
  #looking: NodeJS.Timeout | null = null;
  #neighborsReported = "";
  #epoch: number | null = null;
  #wasEmpty: boolean | null = null;
  #unfencedReported = false;

  /** @param noteFormer notes which keys the destination holds before the task begins. */
  constructor(
    options: Pick<GenerationApplierOptions, "spec" | "limits" | "report" | "signal" | "now">,
    noteFormer: NoteFormer,
  ) {
    this.#options = options;
    this.#noteFormer = noteFormer;
    this.neighbors = new Neighbors(options.spec, options.now);
  }

  /** @throws as DestinationSession.open does. */
  async open(handler: ReplyHandler, onWake: () => void): Promise<DestinationSession> {
    const { spec, limits, report, signal } = this.#options;
    const [epoch, wasEmpty] = [this.#epoch, this.#wasEmpty];
    const onEpoch = (taken: number) => {
      this.#epoch = taken;
    };
    const { neighbors } = this;
    const noteFormer = this.#noteFormer;
    const options = { epoch, onEpoch, wasEmpty, neighbors, noteFormer, limits, handler, onWake, signal };
    const session = await DestinationSession.open(spec, options);
    this.#wasEmpty = session.wasEmpty;
    this.current = session;
    this.#reportNeighbors();
    this.#look(session);
    if (session.unfenced !== null && !this.#unfencedReported) {
      this.#unfencedReported = true;
      const message = unfencedWarning(session.unfenced, session.link.guard !== null);
      report.event({ level: "warning", type: "not-fenced", message });
    }
    return session;
  }

  /** Once a second, while the session lasts. */
  #look(session: DestinationSession): void {
    let looking = false;
    if (this.#looking !== null) clearInterval(this.#looking);
    this.#looking = setInterval(() => {
      if (looking) return;
      looking = true;
      const look = async () => {
        await session.lookAtNeighbors(this.neighbors);
        if (this.current === session) this.#reportNeighbors();
      };
      // What is the matter with the destination is told by the link.
      look()
        .catch(() => {})
        .finally(() => {
          looking = false;
        });
    }, LOOK_MS);
  }

  #reportNeighbors(): void {
    const { names, any } = this.neighbors;
    if (names === this.#neighborsReported) return;
    this.#neighborsReported = names;
    if (!any) return;
    const message = `Other tasks write, or have written, into the same databases of the destination: ${names}. What they have brought is not touched, and keys that this shard has deleted are not removed by a re-sync.`;
    this.#options.report.event({ level: "info", type: "neighbors-changed", message });
  }

  close(): void {
    if (this.#looking !== null) clearInterval(this.#looking);
    this.#looking = null;
    this.current?.close();
    this.current = null;
  }
}
