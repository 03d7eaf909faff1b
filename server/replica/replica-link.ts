import { setTimeout as sleep } from "node:timers/promises";
import { TributaryError } from "../errors/tributary-error.ts";
import { connectSocket } from "../redis/connect-socket.ts";
import { encodeCommand } from "../redis/encode-command.ts";
import { formatAddress, type RedisEndpoint } from "../redis/endpoint.ts";
import type { RedisSocket } from "../redis/redis-socket.ts";
import { saveHasFailed } from "./failed-save.ts";
import { type PsyncAnswer, protocolError, psyncHandshake, type StreamPosition } from "./psync-handshake.ts";
import { RdbFraming } from "./rdb-framing.ts";
import type { ReplicaSink } from "./replica-sink.ts";

export type ReplicaLinkOptions = {
  readonly endpoint: RedisEndpoint;
  /** How messages call the master, e.g. "shard alpha-1". */
  readonly role: string;
  /** Where to go on; its offset must be the end of a command. null asks for an RDB. */
  readonly resume: StreamPosition | null;
  readonly sink: ReplicaSink;
  /** What has been applied: told to the master once a second, and kept by it as this replica's offset. */
  readonly ackOffset: () => bigint;
  readonly announce?: { readonly version?: string };
  /** ms for connecting and for each answer of the handshake; 10,000 when not given. */
  readonly handshakeTimeoutMs?: number;
  /** ms of silence of a master that sends its RDB or stream; 60,000 when not given. */
  readonly timeoutMs?: number;
  /**
   * ms of silence of a master that makes its RDB; as timeoutMs when not given, since it says a newline each second
   * meanwhile (redis: replication.c replicationCron).
   */
  readonly saveTimeoutMs?: number;
  /** ms since any fixed time; never goes back. */
  readonly now?: () => number;
  readonly signal?: AbortSignal;
  /** The master makes its RDB, or first ends another BGSAVE; may be called twice. */
  readonly onWaitingForRdb?: () => void;
};

/** So many times in a row it must hang up on REPLCONF to be taken for a nutcracker, at this distance in ms. */
const hangUpsOfNutcracker = 3;
const betweenHangUpsMs = 300;

/** Redis' own replicas bear as much (redis: config.c repl-timeout). */
const silenceMs = 60_000;

/** How often the applied offset is told (redis: replication.c replicationCron, once a second). */
const ackEveryMs = 1000;
/** How often, and how many times, it is told after the RDB until the stream begins. */
const ackAfterRdbMs = 50;
const acksAfterRdb = 40;

/**
 * The replica's side of one connection to a master. Bytes go to the sink in the order in which they come and
 * before the next read; nothing is kept here. The first ones come after all that awaits openReplicaLink has
 * had its turn.
 */
export interface ReplicaLink {
  readonly kind: "full" | "partial";
  /** The master's own, also where it differs from the one asked for (after a failover). */
  readonly replid: string;
  /** The stream's first byte is at offset + 1. */
  readonly offset: bigint;
  /** Offset of the last byte of the stream that was handed to the sink. */
  receivedOffset(): bigint;
  /** Holds the master back at once; its output buffer limit bounds for how long it bears that. */
  pause(): void;
  resume(): void;
  /** Tells the applied offset now: for REPLCONF GETACK in the stream. */
  sendAck(): void;
  /** Resolves with why the link ended; null when close() or the signal ended it. */
  readonly closed: Promise<TributaryError | null>;
  close(): Promise<void>;
}

/**
 * Connects to a master as a replica and resolves with its answer to PSYNC; the RDB and the stream go to the
 * sink from then on.
 * @throws TributaryError as connectSocket and psyncHandshake do; the signal's reason when it is aborted.
 */
export async function openReplicaLink(options: ReplicaLinkOptions): Promise<ReplicaLink> {
  const { endpoint, role, resume, signal } = options;
  for (let attempt = 1; ; attempt++) {
    try {
      return await openOnce(options);
    } catch (error) {
      if (!(error instanceof TributaryError && error.code === "IS_NUTCRACKER")) throw error;
      if (resume !== null) {
        // Whoever has a stream to resume has spoken with a Redis: the network or a dying server hung up.
        const detail = "the other side closed the connection instead of an answer to REPLCONF";
        throw new TributaryError("SOURCE_LINK_LOST", { role, address: formatAddress(endpoint), detail });
      }
      // A Redis that died just then will not hang up again, nor will a bad network at this very place.
      if (attempt === hangUpsOfNutcracker) throw error;
      await sleep(betweenHangUpsMs, undefined, signal === undefined ? {} : { signal }).catch(() => {});
      signal?.throwIfAborted();
    }
  }
}

async function openOnce(options: ReplicaLinkOptions): Promise<ReplicaLink> {
  const { endpoint, role, signal, handshakeTimeoutMs = 10_000 } = options;
  const socket = await connectSocket(endpoint, {
    role,
    timeoutMs: handshakeTimeoutMs,
    ...(signal === undefined ? {} : { signal }),
  });
  try {
    const answer = await psyncHandshake(socket, endpoint, {
      resume: options.resume,
      version: options.announce?.version ?? null,
      timeoutMs: handshakeTimeoutMs,
      psyncTimeoutMs: options.saveTimeoutMs ?? options.timeoutMs ?? silenceMs,
      ...(options.onWaitingForRdb === undefined ? {} : { onWaiting: options.onWaitingForRdb }),
    });
    return new OpenReplicaLink(socket, answer, options);
  } catch (error) {
    socket.destroy();
    signal?.throwIfAborted();
    throw error;
  }
}

class OpenReplicaLink implements ReplicaLink {
  readonly kind: "full" | "partial";
  readonly replid: string;
  readonly offset: bigint;
  readonly closed: Promise<TributaryError | null>;
  readonly #socket: RedisSocket;
  readonly #framing: RdbFraming;
  readonly #options: ReplicaLinkOptions;
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;
  #acks: NodeJS.Timeout | undefined;
  /** When bytes last came, as far as the timer has looked. */
  #heardAt: number;
  #heard = false;
  #paused = false;
  #failure: TributaryError | null = null;
  #closedByUs = false;

  constructor(socket: RedisSocket, answer: PsyncAnswer, options: ReplicaLinkOptions) {
    this.kind = answer.kind;
    this.replid = answer.replid;
    this.offset = answer.offset;
    this.#socket = socket;
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#heardAt = this.#now();
    this.#framing = new RdbFraming({
      sink: withAckAfterRdb(options.sink, () => this.#ackAfterRdb(acksAfterRdb)),
      expectRdb: answer.kind === "full",
      onRefused: (reply) => this.#refused(reply),
      onProtocolError: (detail) => protocolError(socket, detail),
    });
    this.closed = socket.closed.then((why) => this.#ended(why));
    const timeoutMs = options.timeoutMs ?? silenceMs;
    const saveTimeoutMs = options.saveTimeoutMs ?? timeoutMs;
    const every = Math.max(1, Math.min(ackEveryMs, timeoutMs / 4, saveTimeoutMs / 4));
    this.#timer = setInterval(() => this.#tick(timeoutMs, saveTimeoutMs), every);
    setImmediate(() => this.#start());
  }

  receivedOffset(): bigint {
    return this.offset + BigInt(this.#framing.streamBytes);
  }

  pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#heard = true;
    this.#socket.resume();
  }

  sendAck(): void {
    this.#socket.write(encodeCommand(["REPLCONF", "ACK", String(this.#options.ackOffset())]));
  }

  async close(): Promise<void> {
    this.#closedByUs = true;
    this.#socket.destroy();
    await this.closed;
  }

  #start(): void {
    if (!this.#socket.open) return;
    if (this.kind === "full") this.#options.onWaitingForRdb?.();
    this.#socket.setOnBytes((chunk) => this.#take(chunk));
    this.sendAck();
  }

  #take(chunk: Uint8Array): void {
    this.#heard = true;
    try {
      this.#framing.push(chunk);
    } catch (error) {
      this.#fail(error instanceof TributaryError ? error : internal(error));
    }
  }

  /**
   * With diskless replication a master begins its stream at the first ACK after it has seen its child end, which it
   * looks for now and then (redis: server.c serverCron checkChildrenDone, replication.c replconfCommand
   * repl_start_cmd_stream_on_ack): one that comes before is passed over, and the next would come a second later.
   */
  #ackAfterRdb(times: number): void {
    if (!this.#socket.open || this.#framing.streamBytes > 0) return;
    this.sendAck();
    if (times > 1) this.#acks = setTimeout(() => this.#ackAfterRdb(times - 1), ackAfterRdbMs);
  }

  #tick(timeoutMs: number, saveTimeoutMs: number): void {
    const now = this.#now();
    // While the link is held here the master's silence says nothing.
    if (this.#heard || this.#paused) this.#heardAt = now;
    this.#heard = false;
    const limit = this.#framing.waitingForRdb ? saveTimeoutMs : timeoutMs;
    if (now - this.#heardAt >= limit) {
      const { role, address } = this.#socket;
      this.#fail(new TributaryError("SOURCE_LINK_TIMEOUT", { role, address, seconds: limit / 1000 }));
    } else {
      this.sendAck();
    }
  }

  #fail(error: TributaryError): void {
    this.#failure ??= error;
    this.#socket.destroy();
  }

  #refused(reply: string): TributaryError {
    const { role, address } = this.#socket;
    const detail = reply.slice(1, 200);
    return new TributaryError("SOURCE_BGSAVE_FAILED", { role, address, detail });
  }

  async #ended(why: string): Promise<TributaryError | null> {
    clearInterval(this.#timer);
    clearTimeout(this.#acks);
    if (this.#failure !== null) return this.#failure;
    const { endpoint, signal } = this.#options;
    if (this.#closedByUs || signal?.aborted === true) return null;
    const { role, address } = this.#socket;
    if (this.#framing.waitingForRdb && (await saveHasFailed(endpoint, role, signal))) {
      const detail =
        "it closed the link instead of sending its RDB, and INFO says rdb_last_bgsave_status:err";
      return new TributaryError("SOURCE_BGSAVE_FAILED", { role, address, detail });
    }
    const during = this.#framing.waitingForRdb
      ? "while the master made its RDB"
      : this.#framing.streaming
        ? "during the stream"
        : "during the RDB";
    return new TributaryError("SOURCE_LINK_LOST", { role, address, detail: `${why} ${during}` });
  }
}

/** Calls `sendAck` when the RDB has been handed on. */
function withAckAfterRdb(sink: ReplicaSink, sendAck: () => void): ReplicaSink {
  return {
    rdbBegin: (total) => sink.rdbBegin(total),
    rdbBytes: (chunk) => sink.rdbBytes(chunk),
    rdbEnd: () => {
      sink.rdbEnd();
      sendAck();
    },
    streamBytes: (chunk) => sink.streamBytes(chunk),
  };
}

function internal(error: unknown): TributaryError {
  const detail = error instanceof Error ? error.message : String(error);
  return new TributaryError("INTERNAL", { detail }, { cause: error });
}
