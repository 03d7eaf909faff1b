import { TributaryError } from "../../errors/tributary-error.ts";
import { CommandScanner } from "../../redis/command-scanner.ts";
import { connectSocket, type RedisSocket } from "../../redis/connect-socket.ts";
import { formatAddress, type RedisEndpoint } from "../../redis/endpoint.ts";
import { type ReplyHandler, ReplyScanner } from "../../redis/reply-scanner.ts";
import { bulkReply, errorOf, openConversation } from "../../redis/request-line.ts";
import { parseInfo, serverFacts } from "../../redis/server-info.ts";
import { commandSample } from "../commands/command-sample.ts";
import { requireSameServer } from "./same-server.ts";
import { SilenceWatch } from "./silence-watch.ts";
import { SLAB_BYTES, Slab } from "./slab.ts";
import type { WriterGuard } from "./writer-guard.ts";

/** Slabs whose commands have not been released; their sum bounds what is in flight. */
const MAX_SLABS = 24;

export type DestinationLinkOptions = {
  readonly endpoint: RedisEndpoint;
  readonly name: string;
  readonly db: number;
  /** The run_id of the server that was asked for the checkpoint; empty where it has none. */
  readonly runId: string;
  /** ms for connecting and for each answer until it is open. */
  readonly timeoutMs: number;
  /** ms after which a destination that owes an answer and does nothing is taken for gone. */
  readonly silenceMs: number;
  /** What every transaction has to check; null where nobody else can write. */
  readonly guard: WriterGuard | null;
  readonly signal: AbortSignal;
  readonly handler: ReplyHandler;
  /** Called when replies have come or the link has failed. */
  readonly onWake: () => void;
};

/**
 * The connection through which a shard sync writes. Commands are gathered in slabs of 256 KiB that are kept
 * until they are released, so that a command which the destination refuses can still be shown; the number of
 * slabs bounds what is in flight. Replies are told to `handler` in order.
 */
export class DestinationLink {
  /** Commands appended so far; the index of the next one. Replies come in the same order. */
  commands = 0;
  /** Why the connection is of no more use; null while it is. */
  failure: TributaryError | null = null;
  /** What every transaction has to check; null where nobody else can write. */
  readonly guard: WriterGuard | null;

  readonly #socket: RedisSocket;
  readonly #address: string;
  readonly #onWake: () => void;
  readonly #slabs: Slab[] = [];
  readonly #free: Slab[] = [];
  /** The next bytes go to a new slab. */
  #cut = false;
  /** Commands whose last byte may have been handed to the socket, and whether the last of them is not whole. */
  #sent = 0;
  #withinPieces = false;
  #waiters: (() => void)[] = [];

  private constructor(socket: RedisSocket, address: string, options: DestinationLinkOptions) {
    this.#socket = socket;
    this.#address = address;
    this.#onWake = options.onWake;
    this.guard = options.guard;
    const scanner = new ReplyScanner(options.handler);
    socket.setOnBytes((chunk) => {
      try {
        // What answers nothing would be taken for the answer to what comes next: to an EXEC, say.
        scanner.feed(chunk, this.#sent);
      } catch (error) {
        this.fail(error instanceof Error ? error.message : String(error));
      }
      this.#wake();
    });
    const stopWatching = this.#watch(scanner, options.silenceMs);
    void socket.closed.then((detail) => {
      stopWatching();
      this.fail(detail);
    });
  }

  /**
   * Connects, authenticates, names the connection and selects `db`.
   * @throws TributaryError as connectSocket and openConversation do; DESTINATION_LINK_LOST where another server has
   * come to the address since the checkpoint was asked for.
   */
  static async open(options: DestinationLinkOptions): Promise<DestinationLink> {
    const { endpoint, signal, timeoutMs } = options;
    const role = "the destination";
    const socket = await connectSocket(endpoint, { role, timeoutMs, signal });
    try {
      const request = await openConversation(socket, endpoint, { timeoutMs });
      // A destination that knows no CLIENT SETNAME is written to all the same: takeOver says what is lost.
      await request(["CLIENT", "SETNAME", options.name]);
      const selected = await request(["SELECT", String(options.db)]);
      if (selected.startsWith("-")) throw errorOf(selected, socket, `SELECT ${options.db}`);
      const info = parseInfo(await bulkReply(socket, ["INFO", "server"], timeoutMs));
      requireSameServer(endpoint, options.runId, serverFacts(info).runId);
    } catch (error) {
      socket.destroy();
      throw error;
    }
    return new DestinationLink(socket, formatAddress(endpoint), options);
  }

  /** @throws the failure, if there is one. */
  check(): void {
    if (this.failure !== null) throw this.failure;
  }

  /** True while no more should be appended; a single command may always exceed it. */
  get full(): boolean {
    return this.#slabs.length >= MAX_SLABS;
  }

  /** Bytes held in slabs. */
  get heldBytes(): number {
    let sum = 0;
    for (const slab of this.#slabs) sum += slab.bytes.length;
    return sum;
  }

  /** Copies `count` whole commands that lie in `source[start, end)`. */
  append(source: Uint8Array, start: number, end: number, count: number): void {
    const slab = this.reserve(end - start);
    slab.bytes.set(start === 0 && end === source.length ? source : source.subarray(start, end), slab.length);
    slab.length += end - start;
    this.commit(slab, count);
  }

  /** Contiguous bytes left in the slab at hand; 0 where a new one would be begun. */
  get room(): number {
    const current = this.#slabs[this.#slabs.length - 1];
    return this.#cut || current === undefined ? 0 : current.bytes.length - current.length;
  }

  /** A slab with room for `length` contiguous bytes: write at `slab.length`, advance it, then `commit`. */
  reserve(length: number): Slab {
    const current = this.#slabs[this.#slabs.length - 1];
    if (!this.#cut && current !== undefined && current.bytes.length - current.length >= length)
      return current;
    this.#cut = false;
    if (current !== undefined) this.#write(current);
    const slab = length > SLAB_BYTES ? new Slab(length) : (this.#free.pop() ?? new Slab(SLAB_BYTES));
    slab.length = 0;
    slab.flushed = 0;
    slab.firstCommand = this.commands;
    slab.commands = 0;
    this.#slabs.push(slab);
    return slab;
  }

  /** Counts `count` commands whose bytes have been written to `slab`. */
  commit(slab: Slab, count: number): void {
    slab.commands += count;
    this.commands += count;
  }

  /**
   * Copies bytes of a command that is too large for a slab: `begin` marks its first piece, `end` its last. To
   * be followed by `whenWritten` now and then, which lets go of the pieces that have left.
   */
  appendPiece(source: Uint8Array, start: number, end: number, part: { begin: boolean; end: boolean }): void {
    if (part.begin) {
      this.#cut = true;
      this.commit(this.reserve(1), 1);
      this.#withinPieces = true;
    }
    let position = start;
    while (position < end) {
      const slab = this.reserve(1);
      const step = Math.min(end - position, slab.bytes.length - slab.length);
      slab.bytes.set(source.subarray(position, position + step), slab.length);
      slab.length += step;
      position += step;
    }
    // What follows begins in a slab of its own, so that each slab can be read from its start.
    if (part.end) {
      this.#cut = true;
      this.#withinPieces = false;
    }
  }

  /** Resolves when all that was flushed has left this process; the pieces of large commands are let go. */
  async whenWritten(): Promise<void> {
    this.flush();
    await this.#socket.whenDrained();
    this.check();
    for (let index = this.#slabs.length - 2; index >= 0; index--) {
      const slab = this.#slabs[index]!;
      if (slab.commands === 0 && slab.flushed === slab.length)
        this.#recycle(this.#slabs.splice(index, 1)[0]!);
    }
  }

  /** Hands what has been appended to the socket. */
  flush(): void {
    const last = this.#slabs[this.#slabs.length - 1];
    if (last !== undefined) this.#write(last);
  }

  /** The replies to all commands below `index` have been dealt with: their bytes are not needed any more. */
  release(index: number): void {
    const slabs = this.#slabs;
    let count = 0;
    while (count < slabs.length && slabs[count]!.firstCommand + slabs[count]!.commands <= index) {
      // The last slab may still be written to.
      if (count === slabs.length - 1 || slabs[count]!.flushed < slabs[count]!.length) break;
      count++;
    }
    if (count === 0) return;
    for (const slab of slabs.splice(0, count)) this.#recycle(slab);
  }

  /** The arguments of the command at `index` as far as they are still held; empty when they are not. */
  argumentsOf(index: number): Uint8Array[] {
    const slab = this.#slabs.find(
      (held) => index >= held.firstCommand && index < held.firstCommand + held.commands,
    );
    if (slab === undefined) return [];
    const scanner = new CommandScanner("the destination");
    let position = 0;
    for (let at = slab.firstCommand; at < index; at++) {
      position = scanner.scan(slab.bytes, position, slab.length);
      if (position < 0) return [];
    }
    scanner.scan(slab.bytes, position, slab.length);
    const found: Uint8Array[] = [];
    for (let at = 0; at < Math.min(scanner.seen, scanner.starts.length); at++) {
      found.push(slab.bytes.subarray(scanner.starts[at]!, scanner.ends[at]!));
    }
    return found;
  }

  /** The command at `index` as the log shows it. */
  sampleOf(index: number): string {
    const found = this.argumentsOf(index);
    return found.length === 0 ? "(no longer held)" : commandSample(found, found.length);
  }

  /** Resolves when replies have come or the link has failed. */
  changed(): Promise<void> {
    if (this.failure !== null) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Marks the link as unusable and closes it. */
  fail(detail: string): void {
    // Making an error takes time, and each of a flood of answers may come here.
    if (this.failure !== null) return;
    this.#end(new TributaryError("DESTINATION_LINK_LOST", { address: this.#address, detail }));
  }

  close(): void {
    this.fail("it was closed by Tributary");
  }

  #end(failure: TributaryError): void {
    if (this.failure !== null) return;
    this.failure = failure;
    this.#socket.destroy();
    this.#wake();
  }

  /** Ends the connection when the destination is gone without a word. @returns how to end the watch. */
  #watch(scanner: ReplyScanner, silenceMs: number): () => void {
    const everyMs = Math.min(1000, silenceMs / 4);
    const watch = new SilenceWatch(everyMs, performance.now());
    const timer = setInterval(() => {
      const { accepted, waiting } = this.#socket.sending;
      const unanswered = this.#sent - scanner.replies - (this.#withinPieces ? 1 : 0);
      const traffic = {
        unanswered,
        bytesRead: this.#socket.bytesRead,
        bytesAccepted: accepted,
        bytesWaiting: waiting,
      };
      if (watch.look(traffic, performance.now()) < silenceMs) return;
      const details = { address: this.#address, seconds: silenceMs / 1000 };
      this.#end(new TributaryError("DESTINATION_SILENT", details));
    }, everyMs);
    return () => clearInterval(timer);
  }

  #recycle(slab: Slab): void {
    if (slab.bytes.length === SLAB_BYTES && this.#free.length < MAX_SLABS) this.#free.push(slab);
  }

  #write(slab: Slab): void {
    if (slab.flushed === slab.length || this.failure !== null) return;
    const whole = slab.flushed === 0 && slab.length === slab.bytes.length;
    this.#socket.write(whole ? slab.bytes : slab.bytes.subarray(slab.flushed, slab.length));
    slab.flushed = slab.length;
    this.#sent = slab.firstCommand + slab.commands;
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
    this.#onWake();
  }
}
