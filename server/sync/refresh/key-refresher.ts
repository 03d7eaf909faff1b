import type { Redis } from "ioredis";
import { TributaryError } from "../../errors/tributary-error.ts";
import { encodeCommand } from "../../redis/encode-command.ts";
import type { RedisEndpoint } from "../../redis/endpoint.ts";
import { parseInfo, serverFacts } from "../../redis/server-info.ts";
import { Backoff } from "../backoff.ts";
import { answerWatch } from "../commands/answer-watch.ts";
import { commandSample } from "../commands/command-sample.ts";
import { destinationDb } from "../database-map.ts";
import type { DestinationAbilities } from "../destination/destination-abilities.ts";
import { type DoubtfulKey, MAX_PENDING, parseDoubtfulKey } from "../doubtful/doubtful-keys.ts";
import type { ExpiryNudger } from "../expiry/expiry-nudger.ts";
import type { ExpiryShade } from "../expiry/expiry-shade.ts";
import type { StreamClock } from "../expiry/stream-clock.ts";
import type { StreamLedger } from "../ledger/stream-ledger.ts";
import { doubtfulKeysKey } from "../own-keys.ts";
import { pause } from "../pause.ts";
import type { ShardSyncSpec } from "../shard-sync-spec.ts";
import type { StreamApplier } from "../stream/stream-applier.ts";
import type { StreamInjection } from "../stream/stream-injection.ts";
import { ClockComparison } from "./clock-skew.ts";
import { type DumpedKey, dumpKeys, pageThatFits } from "./key-dump.ts";
import { restoreCommands } from "./key-restore.ts";
import { RefresherConnections } from "./refresher-connections.ts";

const LOOK_MS = 250;
/** Keys in one transaction on the source, at most. */
const PAGE = 100;

/** What a refresher shares with the other parts that answer for expiries. */
export type RefresherExpiry = {
  readonly shade: ExpiryShade;
  readonly clock: StreamClock;
  readonly nudger: ExpiryNudger;
  readonly ledger: StreamLedger;
  readonly abilities: DestinationAbilities;
  /** Of the destination's process to which the stream is applied. */
  readonly runId: string;
  readonly now: () => number;
};

export type RefresherTold = {
  /** No doubtful key is left. */
  readonly onSettled: () => void;
  /** Said once, with the reason. */
  readonly onFailure: (message: string) => void;
  /** The clocks of the two servers differ. Said once. */
  readonly onSkew: (message: string) => void;
};

/** The server whose stream is applied, as it is now: after a failover it is another one. */
export type StreamSource = {
  readonly endpoint: () => RedisEndpoint | null;
  /** The replid of what has been received last. */
  readonly replid: () => string;
};

/**
 * Puts doubtful keys right once the stream is live. Order: the applier is held, the source dumps a page of
 * keys and says its offset in one transaction, the applier is let go and applies the dumps when it has come to
 * exactly that offset: so no write of the source is lost or applied twice.
 */
export class KeyRefresher {
  #left: number | null = null;
  readonly #spec: ShardSyncSpec;
  readonly #from: StreamSource;
  readonly #applier: StreamApplier;
  readonly #expiry: RefresherExpiry;
  readonly #set: string;
  readonly #told: RefresherTold;
  #failureSaid = false;
  /** Keys whose sizes the source does not say, and whose values have turned out to be too large; as the set has them. */
  readonly #giants = new Set<string>();
  /** An answer was too large: the keys are asked for one by one until the one is found. */
  #alone = false;
  #adopted = false;
  readonly #clocks: ClockComparison;
  /** Every key of the source is to be looked at before anything counts as settled. */
  #finishing = false;
  #countedBatches = 0;
  readonly #connections: RefresherConnections;

  constructor(
    spec: ShardSyncSpec,
    from: StreamSource,
    applier: StreamApplier,
    expiry: RefresherExpiry,
    told: RefresherTold,
  ) {
    this.#spec = spec;
    this.#from = from;
    this.#applier = applier;
    this.#expiry = expiry;
    this.#told = told;
    this.#clocks = new ClockComparison(expiry.clock, expiry.now, told.onSkew);
    this.#set = doubtfulKeysKey(spec.taskId, spec.shardId);
    this.#connections = new RefresherConnections(spec, from.endpoint, expiry.runId);
  }

  /** Doubtful keys that are left; null until they have been counted. */
  get left(): number | null {
    if (this.#finishing || this.#left === null) return null;
    const { doubtful } = this.#expiry.ledger;
    const uncounted = doubtful.unnoted || this.#applier.doubtfulBatches !== this.#countedBatches;
    return uncounted ? Math.max(1, this.#left) : this.#left;
  }

  /** Runs until the signal is aborted; never rejects: what could not be done now is tried again. */
  async run(signal: AbortSignal): Promise<void> {
    const backoff = new Backoff();
    // A server that hangs must not hold up the end.
    signal.addEventListener("abort", () => this.#connections.close(), { once: true });
    while (!signal.aborted) {
      try {
        await this.#look(signal);
        backoff.reset();
      } catch (error) {
        this.#connections.close();
        if (!signal.aborted) this.#say(error);
        await backoff.wait(signal);
      }
      await pause(this.#left === 0 ? LOOK_MS : 0, signal);
    }
    this.#connections.close();
  }

  #say(error: unknown): void {
    if (this.#failureSaid) return;
    this.#failureSaid = true;
    const detail = error instanceof Error ? error.message.replace(/\.$/, "") : String(error);
    const remedy = /NOPERM|permission|unknown command/i.test(detail)
      ? "On the shard it takes +multi +exec +info +select +dump +exists +pttl +pexpiretime +time, on the destination +scard +srandmember."
      : "It is tried again.";
    this.#told.onFailure(`Keys that may have expired early cannot be copied again (${detail}). ${remedy}`);
  }

  /**
   * Nothing more is written on the source, and the destination is about to be used: every key that has expired
   * there is to be deleted here, too. Until then the keys do not count as settled.
   */
  finish(): void {
    this.#finishing = true;
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { clock, nudger, ledger } = this.#expiry;
    if (clock.live && this.#clocks.due) {
      const { client } = await this.#connections.source(signal);
      await this.#clocks.compare(client, await this.#connections.destination(signal));
    }
    if (this.#finishing && clock.live) {
      const { client: source } = await this.#connections.source(signal);
      await nudger.nudgeAll(source, await this.#sourceDbs(source), signal);
      this.#finishing = false;
    }
    const { doubtfulBatches } = this.#applier;
    if (this.#left !== 0 || doubtfulBatches !== this.#countedBatches) {
      const destination = await this.#connections.destination(signal);
      this.#left = await destination.scard(this.#set);
      this.#countedBatches = doubtfulBatches;
      // What was noted while this was asked for is not among it.
      const whole = this.#applier.doubtfulBatches === doubtfulBatches;
      if (!this.#adopted) await this.#adopt(destination, this.#left);
      if (this.#left === 0 && whole) ledger.doubtful.settled();
      if (this.left === 0) this.#told.onSettled();
      else if (this.#left > 0 && clock.live) await this.#page(destination, signal);
      else await pause(LOOK_MS, signal);
    }
    if (nudger.waiting > 0 && clock.live) await nudger.nudge((await this.#connections.source(signal)).client);
  }

  /** What a former engine has noted. */
  async #adopt(destination: Redis, count: number): Promise<void> {
    const whole = count <= MAX_PENDING;
    this.#expiry.ledger.doubtful.adopt(whole ? await destination.smembersBuffer(this.#set) : [], whole);
    this.#adopted = true;
  }

  /** The databases of the source that hold something to synchronise. */
  async #sourceDbs(source: Redis): Promise<number[]> {
    const { keyspace } = serverFacts(parseInfo(await source.info()));
    return keyspace.map(({ db }) => db).filter((db) => destinationDb(this.#spec.databases, db) !== null);
  }

  async #page(destination: Redis, signal: AbortSignal): Promise<void> {
    const { client: source, major } = await this.#connections.source(signal);
    const drawn = (await destination.srandmemberBuffer(this.#set, PAGE)) ?? [];
    if (drawn.length === 0) return;
    const candidates = drawn.map(parseDoubtfulKey);
    const page = await pageThatFits(source, candidates);
    const isGiant = (index: number) => this.#giants.has(drawn[index]!.toString("latin1"));
    const fitting = page.fitting.filter((index) => !isGiant(index)).slice(0, this.#alone ? 1 : PAGE);
    const tooLarge = [...page.tooLarge, ...page.fitting.filter(isGiant)];
    for (const index of tooLarge) {
      this.#giveUp(candidates[index]!, "it is too large to be copied while the stream waits");
    }
    const keys = fitting.map((index) => candidates[index]!);
    const forgotten = [...fitting, ...tooLarge].map((index) => drawn[index]!);
    this.#applier.hold();
    try {
      const dumps = await dumpKeys(source, major, keys).catch((error: unknown) => {
        const tooLong = error instanceof TributaryError && /larger than/.test(String(error.details.detail));
        if (tooLong && error.code === "ANSWER_REFUSED") {
          if (keys.length === 1) this.#giants.add(drawn[fitting[0]!]!.toString("latin1"));
          this.#alone = keys.length > 1;
        }
        throw error;
      });
      signal.throwIfAborted();
      // Offsets of another history say nothing here: a failover is under way, and the keys are asked for again.
      if (dumps.replid !== undefined && dumps.replid !== this.#from.replid()) {
        this.#connections.close();
        await pause(LOOK_MS, signal);
        return;
      }
      const commands: StreamInjection["commands"][number][] = [];
      for (const [index, key] of keys.entries())
        commands.push(...(await this.#restore(key, dumps.values[index]!)));
      commands.push({
        bytes: encodeCommand(["SREM", this.#set, ...forgotten]),
        target: this.#spec.checkpointDb,
      });
      const onPlaced = () => this.#expiry.ledger.doubtful.forget(forgotten);
      const { offset, replid } = dumps;
      const applied = new Promise<boolean>((resolve) => {
        const done = (isApplied: boolean) => {
          signal.removeEventListener("abort", onAbort);
          resolve(isApplied);
        };
        const onAbort = () => done(false);
        const [onApplied, onDropped] = [() => done(true), onAbort];
        signal.addEventListener("abort", onAbort);
        this.#applier.inject({ offset, replid, commands, onPlaced, onApplied, onDropped });
      });
      this.#applier.letGo();
      // The same keys would be drawn again before that.
      if (!(await applied)) await pause(LOOK_MS, signal);
    } finally {
      this.#applier.letGo();
    }
  }

  async #restore(doubtful: DoubtfulKey, dumped: DumpedKey): Promise<StreamInjection["commands"]> {
    const { doubt, db, key } = doubtful;
    const target = destinationDb(this.#spec.databases, db);
    if (doubt === "ask" || target === null) return [];
    const { shade, ledger, abilities, now } = this.#expiry;
    const expireAt = dumped.expireAt < 0 ? -1 : shade.inStream(db, target, key, dumped.expireAt);
    try {
      const { commands, restores, losses } = await restoreCommands(key, dumped, expireAt, abilities, {
        decode: doubt === "decode",
        now: now(),
        role: `shard ${this.#spec.shardName}`,
      });
      for (const { code, text } of losses) {
        const sample = () => commandSample([key], 1);
        ledger.refusals.add("rejected", "doubtful key", db, code, text, sample);
      }
      // The key has left the set by then, so what RESTORE does not know is noted anew, to be decoded.
      const watch = answerWatch({
        answered: ({ error }) => {
          if (error !== null) ledger.doubtful.doubt("decode", db, key);
          return error !== null;
        },
        unanswered: () => void ledger.doubtful.doubt("copy", db, key),
      });
      return commands.map((bytes, index) =>
        restores && index === commands.length - 1 ? { bytes, target, watch } : { bytes, target },
      );
    } catch (error) {
      this.#giveUp(doubtful, error instanceof Error ? error.message.replace(/\.$/, "") : String(error));
      return [];
    }
  }

  #giveUp(doubtful: DoubtfulKey, reason: string): void {
    this.#expiry.ledger.alert(
      "doubtful-key-lost",
      `${shown(doubtful)} may have expired early on the destination and cannot be copied again: ${reason}. Compare it with the shard.`,
    );
  }
}

function shown({ db, key }: DoubtfulKey): string {
  return `Key ${commandSample([key], 1)} in database ${db}`;
}
