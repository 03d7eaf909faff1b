import type { Redis } from "ioredis";
import type { ShardRun } from "../tasks/shard-run.ts";
import { ofEach, type ShardsAt } from "./held-writes.ts";
import { type WriteCounts, writeCounts, writesBetween } from "./write-counts.ts";

/** ms between two looks, and over which a rate is told. */
const EVERY_MS = 2000;

/** What comes to a shard after the switch. Times in ms since the epoch. */
export type LateLook = {
  readonly name: string;
  /** When it was looked at first and last, without a gap in between; null before. */
  readonly since: number | null;
  readonly at: number | null;
  /** Of the last two looks; 0 where none came. */
  readonly perSecond: number;
  readonly commands: readonly string[];
  readonly lastWriteAt: number | null;
  /** Why it cannot be looked at; null while it can. */
  readonly problem: { readonly message: string; readonly nobodyListens: boolean } | null;
};

type Known = LateLook & { readonly counts: WriteCounts | null };

/**
 * Looks who still writes to the shards once the shard syncs are at rest, and no stream tells. The servers' own counts of
 * commands do: what expires there, and what Tributary asks, is not among the commands that write.
 */
export class LateWrites {
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();
  #looking = false;
  #nextAt = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** What is known by now; it does not wait. */
  looks(shards: readonly ShardRun[]): LateLook[] {
    return shards.map(({ record }) => this.#known.get(record.id) ?? unknown(record.name));
  }

  /** Looks again when it is time to. Never throws. */
  watch(at: ShardsAt): void {
    if (this.#looking || this.#now() < this.#nextAt) return;
    this.#looking = true;
    this.#nextAt = this.#now() + EVERY_MS;
    void ofEach(at, async (client, shard) => {
      const before = this.#known.get(shard.record.id);
      this.#known.set(shard.record.id, await this.#look(client, before ?? unknown(shard.record.name)));
      return null;
    })
      .then((answers) => {
        for (const { id, name, problem, code } of answers) {
          if (problem === null) continue;
          const nobodyListens = code === "CONNECT_REFUSED";
          this.#known.set(id, { ...unknown(name), problem: { message: problem, nobodyListens } });
        }
      })
      .finally(() => {
        this.#looking = false;
      });
  }

  async #look(client: Redis, before: Known): Promise<Known> {
    // Until 6.2 INFO takes one section.
    const texts = await Promise.all(
      ["server", "persistence", "commandstats"].map((section) => client.info(section)),
    );
    const counts = writeCounts(texts.join("\r\n"));
    const at = this.#now();
    const looked = { ...before, counts, at, since: before.since ?? at, problem: null };
    if (before.counts === null || before.at === null) return { ...looked, perSecond: 0, commands: [] };
    const seconds = (at - before.at) / 1000;
    let seen = writesBetween(before.counts, counts, 0);
    if (seen.commands.includes("SETEX")) {
      const clients = String(await client.call("CLIENT", "LIST"));
      const beating = clients.match(/ name=tributary:\S+:heartbeat /g)?.length ?? 0;
      seen = writesBetween(before.counts, counts, Math.ceil(beating * (seconds + 1)));
    }
    if (seen.count === 0) return { ...looked, perSecond: 0, commands: [] };
    const perSecond = seen.count / Math.max(seconds, 0.001);
    return { ...looked, perSecond, commands: seen.commands, lastWriteAt: at };
  }
}

function unknown(name: string): Known {
  const nothing = { since: null, at: null, perSecond: 0, commands: [], lastWriteAt: null, problem: null };
  return { name, ...nothing, counts: null };
}
