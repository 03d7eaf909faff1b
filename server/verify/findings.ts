import { type Difference, isDifference } from "./difference.ts";

export type KindCounts = Partial<Record<Difference["kind"], number>>;

/** Counts what was found, and keeps the first of each kind with their details. */
export class Findings {
  readonly #most: number;
  readonly #counts = new Map<Difference["kind"], number>();
  readonly #byShard = new Map<number | null, Map<Difference["kind"], number>>();
  readonly #listed: Difference[] = [];
  #apartListed = 0;

  /** @param most differences that are kept, and as many of what is said apart. */
  constructor(most: number) {
    this.#most = most;
  }

  add(finding: Difference): void {
    this.count(finding.kind, finding.shard);
    const apart = !isDifference(finding.kind);
    const kept = apart ? this.#apartListed : this.#listed.length - this.#apartListed;
    if (kept >= this.#most) return;
    if (apart) this.#apartListed++;
    this.#listed.push(finding);
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
