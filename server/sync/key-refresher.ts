import type { Redis } from "ioredis";
import { dropClient, openClient } from "../redis/client.ts";
import { Backoff } from "./backoff.ts";
import { destinationDb } from "./database-map.ts";
import { type DoubtfulKey, parseDoubtfulKey } from "./doubtful-keys.ts";
import { encodeArguments } from "./encode-arguments.ts";
import type { ExpiryNudger } from "./expiry-nudger.ts";
import type { ExpiryShade } from "./expiry-shade.ts";
import { doubtfulKeysKey } from "./own-keys.ts";
import { pause } from "./pause.ts";
import type { ShardSyncSpec } from "./shard-sync-spec.ts";
import type { StreamApplier } from "./stream-applier.ts";
import type { StreamClock } from "./stream-clock.ts";
import type { StreamInjection } from "./stream-injection.ts";

const LOOK_MS = 250;
/** Keys in one transaction on the source. */
const PAGE = 100;

/**
 * Puts doubtful keys right once the stream is live. Order: the applier is held, the source dumps a page of
 * keys and says its offset in one transaction, the applier is let go and applies the dumps when it has come to
 * exactly that offset: so no write of the source is lost or applied twice.
 */
export class KeyRefresher {
  /** Doubtful keys that are left; null until they have been counted. */
  left: number | null = null;
  readonly #spec: ShardSyncSpec;
  readonly #applier: StreamApplier;
  readonly #shade: ExpiryShade;
  readonly #clock: StreamClock;
  readonly #nudger: ExpiryNudger;
  readonly #set: string;
  /** No doubtful key is left. */
  readonly #onSettled: () => void;
  /** Said once, with the reason. */
  readonly #onFailure: (message: string) => void;
  #failureSaid = false;
  #countedBatches = 0;
  #source: Redis | null = null;
  #destination: Redis | null = null;

  constructor(
    spec: ShardSyncSpec,
    applier: StreamApplier,
    expiry: { readonly shade: ExpiryShade; readonly clock: StreamClock; readonly nudger: ExpiryNudger },
    told: { readonly onSettled: () => void; readonly onFailure: (message: string) => void },
  ) {
    this.#spec = spec;
    this.#applier = applier;
    this.#shade = expiry.shade;
    this.#clock = expiry.clock;
    this.#nudger = expiry.nudger;
    this.#onSettled = told.onSettled;
    this.#onFailure = told.onFailure;
    this.#set = doubtfulKeysKey(spec.taskId, spec.shardId);
  }

  /** Runs until the signal is aborted; never rejects: what could not be done now is tried again. */
  async run(signal: AbortSignal): Promise<void> {
    const backoff = new Backoff();
    // A server that hangs must not hold up the end.
    signal.addEventListener("abort", () => this.#disconnect(), { once: true });
    while (!signal.aborted) {
      try {
        await this.#look(signal);
        backoff.reset();
      } catch (error) {
        this.#disconnect();
        if (!signal.aborted) this.#say(error);
        await backoff.wait(signal);
      }
      await pause(this.left === 0 ? LOOK_MS : 0, signal);
    }
    this.#disconnect();
  }

  #say(error: unknown): void {
    if (this.#failureSaid) return;
    this.#failureSaid = true;
    const detail = error instanceof Error ? error.message.replace(/\.$/, "") : String(error);
    this.#onFailure(
      `Keys that may have expired early cannot be copied again (${detail}). On the shard it takes +multi +exec +info +select +dump +exists +pttl +time.`,
    );
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { doubtfulBatches } = this.#applier;
    if (this.left !== 0 || doubtfulBatches !== this.#countedBatches) {
      const destination = await this.#openDestination(signal);
      this.left = await destination.scard(this.#set);
      this.#countedBatches = doubtfulBatches;
      if (this.left === 0) this.#onSettled();
      else if (this.#clock.live) await this.#page(await this.#openSource(signal), destination, signal);
      else await pause(LOOK_MS, signal);
    }
    if (this.#nudger.waiting > 0 && this.#clock.live)
      await this.#nudger.nudge(await this.#openSource(signal));
  }

  async #page(source: Redis, destination: Redis, signal: AbortSignal): Promise<void> {
    const members = (await destination.srandmemberBuffer(this.#set, PAGE)) ?? [];
    const keys = members.map(parseDoubtfulKey);
    this.#applier.hold();
    try {
      const dumps = await dump(source, keys);
      signal.throwIfAborted();
      const forget = encodeArguments(["SREM", this.#set, ...members]);
      const commands = [
        ...this.#restore(keys, dumps.values),
        { bytes: forget, target: this.#spec.checkpointDb },
      ];
      const applied = new Promise<void>((resolve) => {
        const done = () => {
          signal.removeEventListener("abort", done);
          resolve();
        };
        signal.addEventListener("abort", done);
        this.#applier.inject({ offset: dumps.offset, commands, onApplied: done });
      });
      this.#applier.letGo();
      // The same keys would be drawn again before that.
      await applied;
    } finally {
      this.#applier.letGo();
    }
  }

  #restore(keys: readonly DoubtfulKey[], values: readonly Dumped[]): StreamInjection["commands"] {
    return keys.flatMap(({ doubt, db, key }, index) => {
      const target = destinationDb(this.#spec.databases, db);
      const dumped = values[index];
      if (doubt === "ask" || target === null || dumped === undefined) return [];
      if (dumped.payload === null) return [{ bytes: encodeArguments(["DEL", key]), target }];
      const expireAt = dumped.expireAt < 0 ? 0 : this.#shade.inStream(db, target, key, dumped.expireAt);
      const bytes = encodeArguments(["RESTORE", key, String(expireAt), dumped.payload, "REPLACE", "ABSTTL"]);
      return [{ bytes, target }];
    });
  }

  async #openSource(signal: AbortSignal): Promise<Redis> {
    this.#source ??= await openClient(this.#spec.source, { role: `shard ${this.#spec.shardName}`, signal });
    return this.#source;
  }

  async #openDestination(signal: AbortSignal): Promise<Redis> {
    const options = { role: "the destination", db: this.#spec.checkpointDb, signal };
    this.#destination ??= await openClient(this.#spec.destination, options);
    return this.#destination;
  }

  #disconnect(): void {
    if (this.#source !== null) dropClient(this.#source);
    if (this.#destination !== null) dropClient(this.#destination);
    this.#source = null;
    this.#destination = null;
  }
}

/** A key's value as DUMP gives it (null: it is not there) and its expiry, ms since the epoch, -1 without one. */
type Dumped = { readonly payload: Buffer | null; readonly expireAt: number };

/** Asks for the keys and the offset in one transaction. A key that is asked for and has expired is deleted by that. */
async function dump(
  source: Redis,
  keys: readonly DoubtfulKey[],
): Promise<{ offset: bigint; values: readonly Dumped[] }> {
  const asked = source.multi();
  asked.info("replication");
  for (const { doubt, db, key } of keys) {
    asked.select(db);
    if (doubt === "copy") asked.dumpBuffer(key);
    else asked.exists(key);
    asked.pttl(key);
    asked.time();
  }
  const answers = ((await asked.exec()) ?? []).map(([error, value]) => {
    if (error !== null) throw error;
    return value;
  });
  const offset = /master_repl_offset:(\d+)/.exec(String(answers[0]))?.[1];
  if (offset === undefined) throw new Error("INFO does not say the offset");
  const values = keys.map((_, index) => {
    const [payload, ttl, time] = answers.slice(1 + 4 * index + 1, 1 + 4 * index + 4);
    const [seconds = 0, microseconds = 0] = (time as string[]).map(Number);
    const now = seconds * 1000 + Math.floor(microseconds / 1000);
    return {
      payload: Buffer.isBuffer(payload) ? payload : null,
      expireAt: Number(ttl) < 0 ? -1 : now + Number(ttl),
    };
  });
  return { offset: BigInt(offset), values };
}
