import { type Difference, isDifference, type KindCounts } from "./difference.ts";
import type { RepairKey } from "./repair-outcome.ts";

/** Differences that are known by their names, and bytes of these: what of a run can be repaired without another one. */
const MOST_NAMED = 100_000;
const MOST_NAME_BYTES = 16 * 1024 * 1024;
/** Bytes of names that are kept with their details: a name may be as long as 512 MB. */
const MOST_KEY_BYTES = 16 * 1024 * 1024;

/** Counts what was found, keeps the first of each kind with their details, and of more differences the keys alone. */
export class Findings {
  readonly #most: number;
  readonly #counts = new Map<Difference["kind"], number>();
  readonly #byShard = new Map<number | null, Map<Difference["kind"], number>>();
  readonly #listed: Difference[] = [];
  #apartListed = 0;
  readonly #named: RepairKey[] = [];
  #nameBytes = 0;
  #keyBytes = 0;

  /** @param most differences that are kept, and as many of what is said apart. */
  constructor(most: number) {
    this.#most = most;
  }

  add(finding: Difference): void {
    this.count(finding.kind, finding.shard);
    const apart = !isDifference(finding.kind);
    if (!apart) this.#name(finding);
    const kept = apart ? this.#apartListed : this.#listed.length - this.#apartListed;
    if (kept >= this.#most || this.#keyBytes + finding.key.length > MOST_KEY_BYTES) return;
    this.#keyBytes += finding.key.length;
    if (apart) this.#apartListed++;
    this.#listed.push(finding);
  }

  #name({ kind, shard, db, sourceDb, key }: Difference): void {
    if (this.#named.length >= MOST_NAMED || this.#nameBytes + key.length > MOST_NAME_BYTES) return;
    this.#nameBytes += key.length;
    this.#named.push({ kind, shard, db, sourceDb, key });
  }

  /** The keys that differ, as far as they are kept. */
  get named(): readonly RepairKey[] {
    return this.#named;
  }

  /** One more of a kind, of which no details are kept. */
  count(kind: Difference["kind"], shard: number | null): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
    const counts = this.#byShard.get(shard) ?? new Map<Difference["kind"], number>();
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    this.#byShard.set(shard, counts);
  }

  /** Keys that make the destination other than it should be. */
  get differences(): number {
    return [...this.#counts].reduce((sum, [kind, count]) => sum + (isDifference(kind) ? count : 0), 0);
  }

  get counts(): KindCounts {
    return Object.fromEntries(this.#counts);
  }

  /** @param shard null for what no shard holds. */
  countsOf(shard: number | null): KindCounts {
    return Object.fromEntries(this.#byShard.get(shard) ?? []);
  }

  get listed(): readonly Difference[] {
    return this.#listed;
  }
}
