import type { Lag, ShardStatus } from "../../sync/report/shard-report.ts";
import type { ShardRun } from "../tasks/shard-run.ts";
import type { TaskRun } from "../tasks/task-run.ts";
import { lagOf } from "../views/task-views.ts";

/** Of writes, over which their rate is told, ms. */
const RATE_MS = 4000;
/** A source is asked for its offset every two seconds: after this, ms, what it said last says nothing about now. */
const CONFIRMED_MS = 6000;

/** What is known of a shard's way to rest. Lengths of time in ms; null is unknown. */
export type ShardLook = {
  readonly id: string;
  readonly name: string;
  readonly status: ShardStatus;
  readonly reason: string | null;
  readonly lag: Lag;
  /** For how long the lag has been within the bound. */
  readonly lagGoodFor: number | null;
  readonly doubtfulKeys: number | null;
  readonly held: boolean;
  /** Reasons for which the destination is other than the shard, as they are told. */
  readonly differs: readonly string[];
  readonly writes: {
    readonly perSecond: number | null;
    readonly commands: readonly string[];
    /** For how long nothing of others has come, as far as the stream has been applied. */
    readonly quietFor: number | null;
  };
  readonly drain: {
    readonly sourceOffset: string | null;
    readonly appliedOffset: string | null;
    /** For how long the destination has had all that the shard had written. */
    readonly equalFor: number | null;
  };
};

/** Watches one shard while a cutover is under way: what a single report cannot tell, such as for how long. */
export class ShardWatch {
  readonly #began: number;
  readonly #lagSeconds: number;
  #reportAt = 0;
  #points: { readonly at: number; readonly count: number }[] = [];
  #lagGoodSince: number | null = null;
  /** An offset of the source, and when it had written up to it: not known to be applied yet. */
  #asked: { readonly offset: bigint; readonly at: number } | null = null;
  /** All that the source had written by then is applied. */
  #confirmedAt: number | null = null;
  #equalSince: number | null = null;

  /** @param began ms since the epoch. @param lagSeconds the bound that the lag is to keep. */
  constructor(began: number, lagSeconds: number) {
    this.#began = began;
    this.#lagSeconds = lagSeconds;
  }

  look(run: TaskRun, shard: ShardRun, now: number): ShardLook {
    const facts = shard.running && shard.fresh ? shard.facts : null;
    const state = run.stateOf(shard);
    const lag = lagOf(run, shard, now);
    if (facts === null) this.#forget();
    else if (facts.at !== this.#reportAt) this.#heard(facts);
    this.#reportAt = facts?.at ?? 0;
    if (lag.seconds === null || lag.seconds > this.#lagSeconds) this.#lagGoodSince = null;
    else this.#lagGoodSince ??= now;
    if (this.#confirmedAt === null || now - this.#confirmedAt > CONFIRMED_MS) this.#equalSince = null;
    else this.#equalSince ??= now;
    const writes = facts?.stream?.writes;
    return {
      id: shard.record.id,
      name: shard.record.name,
      status: state.status,
      reason: state.reason?.message ?? null,
      lag,
      lagGoodFor: this.#lagGoodSince === null ? null : now - this.#lagGoodSince,
      doubtfulKeys: facts?.stream?.doubtfulKeys ?? null,
      held: facts?.held != null,
      differs: shard.facts?.differs?.causes.map(({ message }) => message) ?? [],
      writes: {
        perSecond: this.#rate(),
        commands: writes?.commands ?? [],
        quietFor:
          writes === undefined || this.#confirmedAt === null
            ? null
            : Math.max(0, this.#confirmedAt - Math.max(this.#began, writes.lastAt ?? 0)),
      },
      drain: {
        sourceOffset: facts?.source?.masterReplOffset ?? null,
        appliedOffset: facts?.stream?.appliedOffset ?? null,
        equalFor: this.#equalSince === null ? null : now - this.#equalSince,
      },
    };
  }

  #heard(facts: NonNullable<ShardRun["facts"]>): void {
    const { at, source, stream } = facts;
    if (stream?.writes !== undefined) {
      if (stream.writes.count < (this.#points.at(-1)?.count ?? 0)) this.#points = [];
      this.#points.push({ at, count: stream.writes.count });
      while (this.#points.length > 2 && at - this.#points[1]!.at >= RATE_MS) this.#points.shift();
    }
    if (source === null || stream === null) return;
    const written = { offset: BigInt(source.masterReplOffset), at };
    const applied = BigInt(stream.appliedOffset);
    if (applied >= written.offset) {
      this.#confirmedAt = at;
      this.#asked = null;
      return;
    }
    if (this.#asked !== null && applied >= this.#asked.offset) {
      this.#confirmedAt = this.#asked.at;
      this.#asked = null;
    }
    this.#asked ??= written;
  }

  #rate(): number | null {
    const [first, last] = [this.#points[0], this.#points.at(-1)];
    if (first === undefined || last === undefined || last.at - first.at < 200) return null;
    return ((last.count - first.count) * 1000) / (last.at - first.at);
  }

  #forget(): void {
    this.#points = [];
    this.#asked = null;
    this.#confirmedAt = null;
    this.#equalSince = null;
  }
}
