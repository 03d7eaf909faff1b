import { parseCheckpoint } from "../../server/sync/checkpoint/checkpoint.ts";
import { checkpointKey, doubtfulKeysKey } from "../../server/sync/checkpoint/own-keys.ts";
import { BEGUN } from "../../server/sync/destination/standing.ts";
import { compareUnion, type UnionComparison, type UnionOptions } from "../digest/compare-union.ts";
import { type RedisServer, until } from "../servers/index.ts";
import type { SoakEngines } from "./soak-engines.ts";
import type { SoakShard } from "./soak-shard.ts";

/** ms: half-open links are given up after a minute of silence, and an initial sync follows. */
const PATIENCE_MS = 180_000;

/** What one task has to bring to the destination: its shards, its engine, and which of the keys there are its own. */
export class SoakTask {
  readonly engines: SoakEngines;
  readonly #shards: readonly SoakShard[];
  readonly #destination: RedisServer;
  readonly #rule: Pick<UnionOptions, "ownerOf" | "among">;
  #kept = 0;

  constructor(
    engines: SoakEngines,
    shards: readonly SoakShard[],
    destination: RedisServer,
    rule: Pick<UnionOptions, "ownerOf" | "among">,
  ) {
    this.engines = engines;
    this.#shards = shards;
    this.#destination = destination;
    this.#rule = rule;
  }

  /** Resolves when the destination holds all that the shards hold by now. */
  async caughtUp(): Promise<void> {
    for (const shard of this.#shards) {
      const { client } = shard.master;
      await lookAtEveryKey(shard.master);
      // A master takes another id when its backlog begins: when the first replica comes.
      let wanted = { replid: "", offset: 0n };
      await this.#untilEngine(async () => {
        const info = await client.info("replication");
        const replid = /master_replid:(\w+)/.exec(info)?.[1] ?? "";
        const offset = BigInt(/master_repl_offset:(\d+)/.exec(info)?.[1] ?? "0");
        if (wanted.replid !== replid) wanted = { replid, offset };
        const text = await this.#destination.client.hget(checkpointKey(this.engines.taskId), shard.name);
        const checkpoint = parseCheckpoint(text ?? "");
        return checkpoint?.replid === replid && checkpoint.offset >= wanted.offset;
      }, `${shard.name} is applied to its end`);
    }
  }

  /** Compares until both are equal: doubtful keys are copied again, strays decided and expiries restored a little later. */
  async compare(timeoutMs = 120_000): Promise<UnionComparison> {
    let last: UnionComparison | null = null;
    await until(
      async () => {
        last = await compareUnion({
          shards: this.#shards.map(({ master }) => master.client),
          destination: this.#destination.client,
          ...this.#rule,
        });
        return last.differences.length === 0;
      },
      { what: "the union is equal", timeoutMs, everyMs: 1_000 },
    ).catch(() => {});
    if (last === null) throw new Error("the servers could not be compared");
    return last;
  }

  /** What there is to know of keys that differ: how each is there, and whether time alone puts it right. */
  async explain({ differences }: UnionComparison): Promise<string> {
    const { client } = this.#destination;
    const notes: string[] = [];
    for (const { key } of differences.slice(0, 5)) {
      const noted: string[] = [];
      for (const { name } of this.#shards) {
        const members = await client.smembers(doubtfulKeysKey(this.engines.taskId, name));
        noted.push(
          ...members.filter((member) => member.endsWith(`:${key}`)).map((member) => `${name} ${member}`),
        );
      }
      const there = `${await client.type(key)}, PTTL ${await client.pttl(key)}, doubtful: ${noted.join(", ") || "no"}`;
      notes.push(`  ${key} on the destination: ${there}`);
    }
    const again = await this.compare(60_000);
    const left = again.differences.slice(0, 50).map(({ kind, key }) => `${kind} ${key}`);
    return [...notes, `  after another minute at most there differs: ${left.join(", ") || "nothing"}`].join(
      "\n",
    );
  }

  /**
   * Where an initial sync has left keys for the second task's sake, does what the manual says: removes what no shard
   * has, and synchronizes again.
   * @returns how many keys were removed; null where nothing was left.
   */
  async putRight(): Promise<number | null> {
    await this.caughtUp();
    if (this.engines.keptForNeighbors() === this.#kept) return null;
    const { differences } = await this.compare(1_000);
    const { client } = this.#destination;
    const nobodys = differences.filter(({ kind }) => kind === "extra");
    for (const { db, key } of nobodys) await client.pipeline().select(db).del(key).select(0).exec();
    await this.engines.end("SIGTERM");
    const begun = this.engines.shards.flatMap((name) => [name, BEGUN]);
    await client.hset(checkpointKey(this.engines.taskId), ...begun);
    this.engines.start();
    await this.caughtUp();
    this.#kept = this.engines.keptForNeighbors();
    return nobodys.length;
  }

  async #untilEngine(condition: () => Promise<boolean>, what: string): Promise<void> {
    const met = await until(async () => (await this.engines.failure()) ?? (await condition()), {
      what,
      timeoutMs: PATIENCE_MS,
      everyMs: 100,
    });
    if (met instanceof Error) throw met;
  }
}

/** A master deletes an expired key, and says so, only when it happens upon it. */
async function lookAtEveryKey({ client }: RedisServer): Promise<void> {
  let cursor = "0";
  do {
    [cursor] = await client.scan(cursor, "COUNT", 1000);
  } while (cursor !== "0");
}
