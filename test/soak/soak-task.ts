import { setTimeout as sleep } from "node:timers/promises";
import { parseCheckpoint } from "../../server/sync/checkpoint/checkpoint.ts";
import { checkpointKey, doubtfulKeysKey } from "../../server/sync/checkpoint/own-keys.ts";
import { FormerKeys } from "../../server/sync/reconcile/former-keys.ts";
import { UnheldKeys } from "../../server/sync/strays/unheld-keys.ts";
import {
  compareUnion,
  type Difference,
  type UnionComparison,
  type UnionOptions,
} from "../digest/compare-union.ts";
import { expireAllDue } from "../servers/expire-all-due.ts";
import { type RedisServer, until } from "../servers/index.ts";
import type { SoakEngines } from "./soak-engines.ts";

/** ms: half-open links are given up after a minute of silence, and an initial sync follows. */
const PATIENCE_MS = 180_000;

/** A shard of it: whose keys are to be there. */
type Shard = { readonly name: string; readonly master: RedisServer };
type Rule = Pick<UnionOptions, "ownerOf" | "among" | "meaning" | "expiryToleranceMs">;

/** What one task has to bring to the destination: its shards, its engine, and which of the keys there are its own. */
export class SoakTask {
  readonly engines: SoakEngines;
  readonly #shards: readonly Shard[];
  readonly #destination: RedisServer;
  readonly #rule: Rule;
  /** How often the servers have been compared since `caughtUp`. */
  looks = 0;

  constructor(engines: SoakEngines, shards: readonly Shard[], destination: RedisServer, rule: Rule) {
    this.engines = engines;
    this.#shards = shards;
    this.#destination = destination;
    this.#rule = rule;
  }

  /** Resolves when the destination holds all that the shards hold by now. */
  async caughtUp(): Promise<void> {
    this.looks = 0;
    for (const shard of this.#shards) {
      const { client } = shard.master;
      await expireAllDue(client);
      // A master takes another id when its backlog begins: when the first replica comes.
      let wanted = { replid: "", offset: 0n };
      await this.#untilEngine(async () => {
        const info = await client.info();
        // Before 4.0 the run's own.
        const replid = (/master_replid:(\w+)/.exec(info) ?? /run_id:(\w+)/.exec(info))?.[1] ?? "";
        const offset = BigInt(/master_repl_offset:(\d+)/.exec(info)?.[1] ?? "0");
        if (wanted.replid !== replid) wanted = { replid, offset };
        const text = await this.#destination.client.hget(checkpointKey(this.engines.taskId), shard.name);
        const checkpoint = parseCheckpoint(text ?? "");
        return checkpoint?.replid === replid && checkpoint.offset >= wanted.offset;
      }, `${shard.name} is applied to its end`);
    }
  }

  /**
   * Compares until both are equal: doubtful keys are copied again, strays decided and expiries restored a little later.
   * @param patienceMs without fewer doubtful keys than before: on a busy machine it takes as long as it takes.
   */
  async compare(patienceMs = 120_000): Promise<UnionComparison> {
    let fewest = Number.POSITIVE_INFINITY;
    let ends = 0;
    for (;;) {
      this.looks++;
      const found = await compareUnion({
        shards: this.#shards.map(({ master }) => master.client),
        destination: this.#destination.client,
        ...this.#rule,
      });
      const last = await this.#withoutKept(found);
      const doubtful = await this.#doubtfulKeys();
      if (doubtful < fewest) ends = performance.now() + patienceMs;
      fewest = Math.min(fewest, doubtful);
      if (last.differences.length === 0 || performance.now() > ends) return last;
      await sleep(1_000);
    }
  }

  async #doubtfulKeys(): Promise<number> {
    const { client } = this.#destination;
    const sets = this.#shards.map(({ name }) => doubtfulKeysKey(this.engines.taskId, name));
    const counts = await Promise.all(sets.map((set) => client.scard(set)));
    return counts.reduce((sum, count) => sum + count, 0);
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

  /** Keys that no shard has may stay beside the second task; each of them is known to, so that it is not built on. */
  async #withoutKept(found: UnionComparison): Promise<UnionComparison> {
    if (!found.differences.some(({ kind }) => kind === "extra")) return found;
    const { client } = this.#destination;
    const { taskId } = this.engines;
    const former = await FormerKeys.read(client, taskId);
    const kept = await Promise.all(
      this.#shards.map(async ({ name: shardId }) => {
        const unheld = new UnheldKeys();
        await unheld.load(client, { taskId, shardId }, former);
        return unheld;
      }),
    );
    const isKept = ({ kind, db, key }: Difference) =>
      kind === "extra" && kept.some((unheld) => unheld.has(db, Buffer.from(key)));
    return { ...found, differences: found.differences.filter((one) => !isKept(one)) };
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
