import type { ReplyHandler } from "../../redis/reply-scanner.ts";
import { unfencedWarning } from "../continuation.ts";
import type { DestinationSideOptions } from "../destination-side-options.ts";
import { DestinationSession } from "./destination-session.ts";

/** Opens one session at the destination after the other, and keeps between them what the destination may forget. */
export class DestinationSessions {
  /** The one that is open. */
  current: DestinationSession | null = null;
  readonly #options: Pick<DestinationSideOptions, "spec" | "limits" | "report" | "signal">;
  #epoch: number | null = null;
  #wasEmpty: boolean | null = null;
  #unfencedSaid = false;

  constructor(options: Pick<DestinationSideOptions, "spec" | "limits" | "report" | "signal">) {
    this.#options = options;
  }

  /** @throws as DestinationSession.open does. */
  async open(handler: ReplyHandler, onWake: () => void): Promise<DestinationSession> {
    const { spec, limits, report, signal } = this.#options;
    const [epoch, wasEmpty] = [this.#epoch, this.#wasEmpty];
    const onEpoch = (taken: number) => {
      this.#epoch = taken;
    };
    const options = { epoch, onEpoch, wasEmpty, limits, handler, onWake, signal };
    const session = await DestinationSession.open(spec, options);
    this.#wasEmpty = session.wasEmpty;
    this.current = session;
    if (session.unfenced !== null && !this.#unfencedSaid) {
      this.#unfencedSaid = true;
      const message = unfencedWarning(session.unfenced, session.link.guard !== null);
      report.event({ level: "warning", type: "not-fenced", message });
    }
    return session;
  }

  close(): void {
    this.current?.close();
    this.current = null;
  }
}
