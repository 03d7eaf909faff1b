import type { Redis } from "ioredis";
import { TributaryError } from "../../errors/tributary-error.ts";
import { encodeCommand } from "../../redis/encode-command.ts";
import type { RedisEndpoint } from "../../redis/endpoint.ts";
import { parseInfo, serverFacts } from "../../redis/server-info.ts";
import { doubtfulKeysKey } from "../checkpoint/own-keys.ts";
import { commandSample } from "../commands/command-sample.ts";
import { MAX_PENDING } from "../doubtful/doubtful-keys.ts";
import { Backoff } from "../retry/backoff.ts";
import { pause } from "../retry/pause.ts";
import { destinationDb } from "../spec/database-map.ts";
import type { ShardSyncSpec } from "../spec/shard-sync-spec.ts";
import { SiblingSources } from "../strays/sibling-sources.ts";
import type { StreamApplier } from "../stream/stream-applier.ts";
import { AbsentKeys } from "./absent-keys.ts";
import { ClockComparison } from "./clock-skew.ts";
import { dumpKeys, pageThatFits } from "./key-dump.ts";
import { membersOf, type NotedKey, notedKey } from "./noted-key.ts";
import { takeStrays, unregister } from "./noted-strays.ts";
import { PageBuilder } from "./page-commands.ts";
import { passOn } from "./passed-on-keys.ts";
import { RefresherConnections } from "./refresher-connections.ts";
import type { RefresherExpiry } from "./refresher-expiry.ts";
import { reportScriptNotes } from "./script-notes.ts";

const LOOK_MS = 250;
/**
 * Keys in one transaction on the source, at most. Most of a page are only asked for, the values of the others are bound
 * by their size: a page costs some ten round trips, and an old ring leaves many strays.
 */
const PAGE = 500;
/** A server that is too slow for a page is asked for half of it the next time, but for no less than this. */
const LEAST_PAGE = 20;
/** What others have noted is looked for this often, ms: other shard syncs, and where there are none, a repair. */
const OTHERS_MS = 1000;
const ALONE_MS = 5000;

export type RefresherEvents = {
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
 * Puts doubtful keys right once the stream is live. Order: the applier is paused, the source dumps a page of
 * keys and says its offset in one transaction, the applier is resumed, and applies the dumps when it has come to
 * exactly that offset: so no write of the source is lost or applied twice.
 */
export class KeyRefresher {
  #left: number | null = null;
  readonly #spec: ShardSyncSpec;
  readonly #from: StreamSource;
  readonly #applier: StreamApplier;
  readonly #expiry: RefresherExpiry;
  readonly #set: string;
  readonly #events: RefresherEvents;
  #failureReported = false;
  /** Keys whose sizes the source does not say, and whose values have turned out to be too large; as the set has them. */
  readonly #giants = new Set<string>();
  /** An answer was too large: the keys are asked for one by one until the one is found. */
  #alone = false;
  #adopted = false;
  #pageKeys = PAGE;
  readonly #clocks: ClockComparison;
  /** Every key of the source is to be looked at before anything counts as settled. */
  #finishing = false;
  #countedBatches = 0;
  #countedAt = Number.NEGATIVE_INFINITY;
  readonly #connections: RefresherConnections;
  readonly #siblings: SiblingSources;
  readonly #absent: AbsentKeys;
  readonly #builder: PageBuilder;
  readonly #ended = new AbortController();

  constructor(
    spec: ShardSyncSpec,
    from: StreamSource,
    applier: StreamApplier,
    expiry: RefresherExpiry,
    events: RefresherEvents,
  ) {
    this.#spec = spec;
    this.#from = from;
    this.#applier = applier;
    this.#expiry = expiry;
    this.#events = events;
    this.#clocks = new ClockComparison(expiry.clock, expiry.now, events.onSkew);
    this.#set = doubtfulKeysKey(spec.taskId, spec.shardId);
    this.#connections = new RefresherConnections(spec, from.endpoint, expiry.runId);
    const { merge, now } = expiry;
    this.#siblings = new SiblingSources(spec, now, this.#ended.signal);
    const { ownership } = merge;
    this.#absent = new AbsentKeys({ spec, ownership, siblings: this.#siblings });
    const giveUp = (key: NotedKey, reason: string) => this.#giveUp(key, reason);
    this.#builder = new PageBuilder({ spec, expiry, merge, siblings: this.#siblings, giveUp });
  }

  /** Doubtful keys that are left; null until they have been counted. */
  get left(): number | null {
    if (this.#finishing || this.#left === null) return null;
    const { doubtful } = this.#expiry.ledger;
    const uncounted = doubtful.unnoted || this.#batches !== this.#countedBatches;
    return uncounted ? Math.max(1, this.#left) : this.#left;
  }

  /** Transactions that have noted keys, or may have. */
  get #batches(): number {
    return this.#applier.doubtfulBatches + this.#expiry.ledger.doubtful.ofScripts;
  }

  /** Runs until the signal is aborted; never rejects: what could not be done now is tried again. */
  async run(signal: AbortSignal): Promise<void> {
    const backoff = new Backoff();
    // A server that hangs must not hold up the end.
    const close = () => {
      this.#ended.abort();
      this.#connections.close();
      this.#siblings.close();
    };
    signal.addEventListener("abort", close, { once: true });
    while (!signal.aborted) {
      try {
        await this.#look(signal);
        backoff.reset();
      } catch (error) {
        this.#connections.close();
        this.#pageKeys = Math.max(LEAST_PAGE, this.#pageKeys >> 1);
        if (!signal.aborted) this.#reportFailure(error);
        await backoff.wait(signal);
      }
      await pause(this.#left === 0 ? LOOK_MS : 0, signal);
    }
    close();
  }

  #reportFailure(error: unknown): void {
    if (this.#failureReported) return;
    this.#failureReported = true;
    const detail = error instanceof Error ? error.message.replace(/\.$/, "") : String(error);
    const remedy = /NOPERM|permission|unknown command/i.test(detail)
      ? "On the shard it takes +multi +exec +info +select +dump +exists +pttl +pexpiretime +time, on the destination +scard +srandmember."
      : "It is tried again.";
    this.#events.onFailure(`Keys that may have expired early cannot be copied again (${detail}). ${remedy}`);
  }

  /**
   * Nothing more is written on the source, and the destination is about to be used: every key that has expired
   * there is to be deleted here, too. Until then the keys do not count as settled.
   */
  finish(): void {
    this.#finishing = true;
  }

  /** `left` is null until what is noted has been counted again. */
  countAgain(): void {
    this.#left = null;
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { clock, lazyExpiry, ledger } = this.#expiry;
    if (this.#finishing && clock.live) {
      const { client: source } = await this.#connections.source(signal);
      await lazyExpiry.triggerAll(source, await this.#sourceDbs(source), signal);
      this.#finishing = false;
    }
    const batches = this.#batches;
    const { merge, now } = this.#expiry;
    const othersMayHaveNoted = now() - this.#countedAt >= (merge.isNotedByOthers ? OTHERS_MS : ALONE_MS);
    if (this.#left !== 0 || batches !== this.#countedBatches || othersMayHaveNoted) {
      const destination = await this.#connections.destination(signal);
      this.#left = await destination.scard(this.#set);
      this.#countedBatches = batches;
      this.#countedAt = now();
      // What was noted while this was asked for is not among it.
      const whole = this.#batches === batches;
      if (!this.#adopted) await this.#adopt(destination, this.#left);
      if (this.#left === 0 && whole) ledger.doubtful.settled();
      if (this.left === 0) this.#events.onSettled();
      else if (this.#left > 0 && clock.live) await this.#page(destination, signal);
      else await pause(LOOK_MS, signal);
    }
    if (lazyExpiry.waiting > 0 && clock.live)
      await lazyExpiry.trigger((await this.#connections.source(signal)).client);
    // Last: where the source does not answer, the keys that are left have been counted.
    if (clock.live && this.#clocks.due) {
      const { client } = await this.#connections.source(signal);
      await this.#clocks.compare(client, await this.#connections.destination(signal));
    }
  }

  /** What a former engine has noted. */
  async #adopt(destination: Redis, count: number): Promise<void> {
    const whole = count <= MAX_PENDING;
    this.#expiry.ledger.doubtful.adopt(whole ? await destination.smembersBuffer(this.#set) : [], whole);
    this.#adopted = true;
  }

  /** The databases of the source that hold something to synchronize. */
  async #sourceDbs(source: Redis): Promise<number[]> {
    const { keyspace } = serverFacts(parseInfo(await source.info()));
    return keyspace.map(({ db }) => db).filter((db) => destinationDb(this.#spec.databases, db) !== null);
  }

  async #page(destination: Redis, signal: AbortSignal): Promise<void> {
    const { databases } = this.#spec;
    const drawn = (await destination.srandmemberBuffer(this.#set, this.#pageKeys)) ?? [];
    if (drawn.length === 0) return;
    this.#expiry.ledger.doubtful.learn(drawn);
    const noted = drawn.map((member) => notedKey(member, databases));
    if (noted.some((one) => one?.doubt === "script")) {
      await reportScriptNotes(noted, this.#expiry.ledger, (reported) =>
        destination.srem(this.#set, ...reported),
      );
      return;
    }
    const ours = noted.filter((one): one is NotedKey => one !== null && this.#expiry.merge.owns(one.key));
    // What is another shard's, or of a database that is not synchronized any more, is none of this one's.
    if (ours.length < drawn.length) await passOn(destination, drawn, noted, this.#spec, this.#expiry);
    if (ours.length === 0) return;
    const own = await takeStrays(destination, this.#set, ours);
    const source = await this.#connections.source(signal);
    const absences = await this.#absent.plan(source, destination, own);
    const asked = own.map((one) => ({
      ...one,
      doubt: this.#builder.wantsValue(one) ? one.doubt : ("ask" as const),
    }));
    const sized = await pageThatFits(source.client, asked);
    const isGiant = (index: number) => this.#giants.has(own[index]!.member.toString("latin1"));
    const past = [...sized.tooLarge, ...sized.fitting.filter(isGiant)];
    const whole = sized.fitting.filter((index) => !isGiant(index));
    // What the destination holds of it is known to be wrong: it is not left there.
    const removed = new Set(past.filter((index) => this.#isWrong(own[index]!)));
    for (const index of removed) asked[index] = { ...asked[index]!, doubt: "ask" };
    const fitting = [...(this.#alone ? whole.slice(0, 1) : whole), ...removed];
    const tooLarge = past.filter((index) => !removed.has(index));
    for (const index of tooLarge) {
      this.#giveUp(own[index]!, "it is too large to be copied while the stream waits");
    }
    this.#applier.pause();
    try {
      const wanted = fitting.map((index) => asked[index]!);
      const dumps = await dumpKeys(source.client, source.release, wanted).catch((error: unknown) => {
        const tooLong = error instanceof TributaryError && /larger than/.test(String(error.details.detail));
        if (tooLong && error.code === "ANSWER_REFUSED") {
          if (wanted.length === 1) this.#giants.add(own[fitting[0]!]!.member.toString("latin1"));
          this.#alone = wanted.length > 1;
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
      const pages = await Promise.all(
        fitting.map((index, at) =>
          removed.has(index)
            ? this.#builder.tooLarge(own[index]!, dumps.values[at]!)
            : this.#builder.build(own[index]!, dumps.values[at]!, absences[index]!),
        ),
      );
      const settled = fitting.filter((_, at) => !pages[at]!.stays);
      const forgotten = [...settled, ...tooLarge].map((index) => own[index]!);
      if (forgotten.length === 0) {
        this.#applier.resume();
        await pause(LOOK_MS, signal);
        return;
      }
      const commands = pages.flatMap((page) => page.commands);
      commands.push({
        bytes: encodeCommand(["SREM", this.#set, ...forgotten.map(({ member }) => member)]),
        target: this.#spec.checkpointDb,
      });
      const onPlaced = () => {
        for (const page of pages) page.onPlaced();
        this.#expiry.ledger.doubtful.forget(forgotten.flatMap(membersOf));
      };
      const { offset, replid } = dumps;
      const applied = new Promise<boolean>((resolve) => {
        const done = (isApplied: boolean) => {
          signal.removeEventListener("abort", onAbort);
          resolve(isApplied);
        };
        const onAbort = () => done(false);
        const onDropped = onAbort;
        const onApplied = () => {
          this.#expiry.ledger.doubtful.answeredFor(forgotten.flatMap(membersOf));
          done(true);
        };
        signal.addEventListener("abort", onAbort);
        this.#applier.inject({ offset, replid, commands, onPlaced, onApplied, onDropped });
      });
      this.#applier.resume();
      // The same keys would be drawn again before that.
      if (await applied) {
        this.#pageKeys = Math.min(PAGE, 2 * this.#pageKeys);
        const gone = fitting.flatMap((index, at) => (pages[at]!.gone ? [own[index]!] : []));
        await unregister(destination, this.#spec, this.#siblings.indices, gone);
      } else await pause(LOOK_MS, signal);
    } finally {
      this.#applier.resume();
    }
  }

  #isWrong({ doubt, db, key }: NotedKey): boolean {
    return doubt === "limit" || this.#expiry.ledger.leftOut.has(db, key);
  }

  #giveUp(doubtful: NotedKey, reason: string): void {
    if (doubtful.doubt === "repair") {
      const message = `${shown(doubtful)} cannot be repaired: ${reason}. Copy the shard again.`;
      this.#expiry.ledger.alert("repair-failed", message);
      return;
    }
    this.#expiry.ledger.alert(
      "doubtful-key-lost",
      `${shown(doubtful)} may have expired early on the destination and cannot be copied again: ${reason}. Compare it with the shard.`,
    );
  }
}

function shown({ db, key }: NotedKey): string {
  return `Key ${commandSample([key], 1)} in database ${db}`;
}
