import type { Redis } from "ioredis";
import type { KeyOwnership } from "../../merge/key-ownership.ts";
import { type Holder, rightfulValue } from "../../merge/rightful-value.ts";
import { straysKey } from "../checkpoint/own-keys.ts";
import { sourceDbs } from "../spec/database-map.ts";
import type { ShardSyncSpec } from "../spec/shard-sync-spec.ts";
import type { AskedSource, SiblingSources } from "../strays/sibling-sources.ts";
import { strayMember } from "../strays/stray-registry.ts";
import { type DumpedKey, dumpKeys, pageThatFits } from "./key-dump.ts";
import { isStray, type NotedKey } from "./noted-key.ts";

/**
 * What a key is to be on the destination if the shard does not hold it:
 * - nothing: it is left as it is;
 * - delete: nobody else holds it;
 * - lone: its owner does not hold it, a stray's value stands for it;
 * - elsewhere: without a ring, another shard holds it and writes it again;
 * - too-large: it would be a stray's value, which cannot be copied through memory;
 * - unknown: nobody has been asked, or one who has to be does not answer: it is decided another time.
 */
export type Absence =
  | { readonly kind: "nothing" | "delete" | "too-large" | "unknown" }
  | { readonly kind: "lone"; readonly value: DumpedKey; readonly holder: number; readonly ambiguous: boolean }
  | { readonly kind: "elsewhere"; readonly holders: readonly number[] };

export type AbsentKeysOptions = {
  readonly spec: ShardSyncSpec;
  readonly ownership: KeyOwnership | null;
  readonly siblings: SiblingSources;
};

/** Finds out, by asking the task's other shards, what becomes of keys that the shard may not hold any more. */
export class AbsentKeys {
  readonly #options: AbsentKeysOptions;

  constructor(options: AbsentKeysOptions) {
    this.#options = options;
  }

  /**
   * To be asked before the shard is, at an exact offset, whether it holds them: what another shard writes after that
   * is noted anew by its own shard sync.
   * @param destination in the checkpoint's database. @throws why the shard itself, or the destination, does not answer.
   */
  async plan(source: AskedSource, destination: Redis, keys: readonly NotedKey[]): Promise<Absence[]> {
    const plans: Absence[] = keys.map(({ doubt }) => ({ kind: doubt === "restore" ? "nothing" : "delete" }));
    const open = keys.flatMap((key, index) => (this.#isOpen(key) ? [index] : []));
    if (open.length === 0) return plans;
    const held = await exist(
      source.client,
      open.map((index) => keys[index]!),
    );
    const absent: number[] = [];
    for (const [at, index] of open.entries()) {
      if (held[at]) plans[index] = { kind: "unknown" };
      else absent.push(index);
    }
    if (this.#options.ownership === null) await this.#askAll(keys, absent, plans);
    else if (!this.#options.ownership.ownerOnly) await this.#askHolders(destination, keys, absent, plans);
    return plans;
  }

  /** Others may have it. Why it is noted says nothing of that: it may be noted twice, and both ask the same. */
  #isOpen(noted: NotedKey): boolean {
    const { doubt } = noted;
    if (doubt === "merge" || isStray(noted)) return true;
    return doubt !== "ask" && doubt !== "restore" && this.#options.siblings.indices.length > 0;
  }

  /** With a ring: those that are registered as holders say what they have; for a repair all do, since that may be wrong. */
  async #askHolders(
    destination: Redis,
    keys: readonly NotedKey[],
    absent: readonly number[],
    plans: Absence[],
  ): Promise<void> {
    const { spec, siblings } = this.#options;
    if (absent.length === 0) return;
    const pipeline = destination.pipeline();
    for (const index of absent) {
      const { target, key } = keys[index]!;
      for (const holder of siblings.indices) {
        pipeline.zscore(straysKey(spec.taskId, spec.shardId), strayMember(holder, target, key));
      }
    }
    const scores = (await pipeline.exec()) ?? [];
    const writtenAt = (at: number, place: number): number | null => {
      const [error, score] = scores[at * siblings.indices.length + place] ?? [null, null];
      if (error !== null) throw error;
      return score === null ? null : Number(score);
    };
    const values = new Map<number, Map<number, DumpedKey>>(absent.map((index) => [index, new Map()]));
    const undecided = new Map<number, "unknown" | "too-large">();
    for (const [place, holder] of siblings.indices.entries()) {
      const asked = absent.filter(
        (index, at) => writtenAt(at, place) !== null || keys[index]!.doubt === "repair",
      );
      if (asked.length === 0) continue;
      await this.#dumpAt(holder, keys, asked, values, undecided);
    }
    for (const [at, index] of absent.entries()) {
      const found = values.get(index)!;
      const holders: Holder[] = [...found.keys()].map((shard) => ({
        shard,
        writtenAt: writtenAt(at, siblings.indices.indexOf(shard)) ?? 0,
      }));
      const rightful = rightfulValue(spec.shardIndex, false, holders);
      const kind = undecided.get(index);
      if (kind !== undefined) plans[index] = { kind };
      else if (rightful.kind !== "lone") plans[index] = { kind: "delete" };
      else {
        const { shard, ambiguous } = rightful;
        plans[index] = { kind: "lone", value: found.get(shard)!, holder: shard, ambiguous };
      }
    }
  }

  async #dumpAt(
    holder: number,
    keys: readonly NotedKey[],
    asked: readonly number[],
    values: ReadonlyMap<number, Map<number, DumpedKey>>,
    undecided: Map<number, "unknown" | "too-large">,
  ): Promise<void> {
    const { siblings } = this.#options;
    const wanted = asked.map((index) => ({ ...keys[index]!, doubt: "copy" as const }));
    try {
      const { client, release } = await siblings.at(holder);
      const { fitting, tooLarge } = await pageThatFits(client, wanted);
      const dumps = await dumpKeys(
        client,
        release,
        fitting.map((at) => wanted[at]!),
      );
      for (const [at, place] of fitting.entries()) {
        const value = dumps.values[at]!;
        if (value.held) values.get(asked[place]!)!.set(holder, value);
      }
      for (const [at, index] of asked.entries()) {
        if (tooLarge.includes(at)) undecided.set(index, "too-large");
        else if (!fitting.includes(at)) undecided.set(index, "unknown");
      }
    } catch {
      // It has a shard sync of its own, which says so; the keys wait.
      siblings.drop(holder);
      for (const index of asked) undecided.set(index, "unknown");
    }
  }

  /** Without a ring: any other shard may hold it. */
  async #askAll(keys: readonly NotedKey[], absent: readonly number[], plans: Absence[]): Promise<void> {
    const { siblings, spec } = this.#options;
    const wanted = absent.map((index) => keys[index]!);
    const holders: number[][] = wanted.map(() => []);
    for (const sibling of absent.length === 0 ? [] : siblings.indices) {
      try {
        const { client } = await siblings.at(sibling);
        // Another shard may have it in another database that goes to the same one.
        const places = wanted.flatMap((noted, at) =>
          sourceDbs(spec.databases, noted.target).map((db) => ({ at, db, key: noted.key })),
        );
        const held = await exist(client, places);
        for (const [index, { at }] of places.entries()) if (held[index]) holders[at]!.push(sibling);
      } catch {
        siblings.drop(sibling);
        for (const index of absent) plans[index] = { kind: "unknown" };
        return;
      }
    }
    for (const [at, index] of absent.entries()) {
      plans[index] =
        holders[at]!.length === 0 ? { kind: "delete" } : { kind: "elsewhere", holders: holders[at]! };
    }
  }
}

async function exist(
  client: Redis,
  keys: readonly { readonly db: number; readonly key: Buffer }[],
): Promise<boolean[]> {
  const pipeline = client.pipeline();
  for (const { db, key } of keys) {
    pipeline.select(db);
    pipeline.exists(key);
  }
  const answers = (await pipeline.exec()) ?? [];
  return keys.map((_, index) => {
    const [selectError] = answers[2 * index] ?? [null];
    if (/out of range|invalid DB index/i.test(selectError?.message ?? "")) return false;
    const [error, value] = answers[2 * index + 1] ?? [new Error("EXISTS was not answered"), null];
    if (selectError ?? error) throw selectError ?? error;
    return Number(value) > 0;
  });
}
