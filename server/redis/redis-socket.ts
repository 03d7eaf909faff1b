import type { Socket } from "node:net";

/** Called with each read. The chunk is a view of a buffer that the next read overwrites: copy what is kept. */
export type BytesHandler = (chunk: Uint8Array) => void;

/** Of what Node has below a socket: bytes handed over, and those of them that the kernel has not accepted. */
type SocketHandle = { readonly bytesWritten?: number; readonly writeQueueSize?: number };

/**
 * A connection to a Redis as bytes. It reads only while it has a handler and is not paused, so that nothing
 * is lost between two owners and a slow owner holds the peer back.
 */
export class RedisSocket {
  /** How messages call the peer: "the destination" or e.g. "shard alpha-1". */
  readonly role: string;
  /** host:port. */
  readonly address: string;
  /** Resolves when the connection has ended, with what ended it in a few words, for a message. */
  readonly closed: Promise<string>;
  readonly #socket: Socket;
  #handler: BytesHandler | null = null;
  #unread: Buffer | null = null;
  #paused = false;
  #open = true;
  #drained: Promise<void> | null = null;

  /** @param socket connected, and paused; its reads are given to `take`. */
  constructor(socket: Socket, role: string, address: string) {
    this.#socket = socket;
    this.role = role;
    this.address = address;
    let why: string | null = null;
    this.closed = new Promise((resolve) => {
      socket.once("end", () => {
        why ??= "the other side closed the connection";
      });
      socket.on("error", (error: NodeJS.ErrnoException) => {
        why ??= error.code ?? error.message;
      });
      socket.once("close", () => {
        const byUs = !this.#open;
        this.#open = false;
        resolve(byUs ? "Tributary closed the connection" : (why ?? "the connection was closed"));
      });
    });
  }

  /** Who gets the bytes; null stops reading. Bytes given back by unread() reach the new handler first. */
  setOnBytes(handler: BytesHandler | null): void {
    this.#handler = handler;
    if (this.#unread !== null && handler !== null) queueMicrotask(() => this.#deliverUnread());
    this.#readOrHold();
  }

  /** False once the connection has ended or destroy() was called. */
  get open(): boolean {
    return this.#open;
  }

  /** Bytes received since the connection was made. */
  get bytesRead(): number {
    return this.#socket.bytesRead;
  }

  /** Bytes that the kernel has accepted for sending, and those that wait for it to do so. */
  get sending(): { readonly accepted: number; readonly waiting: number } {
    // Node says neither in public: a write counts as pending until all that was written with it has gone.
    const handle = (this.#socket as unknown as { _handle?: SocketHandle | null })._handle;
    const queued = handle?.writeQueueSize ?? 0;
    const dispatched = handle?.bytesWritten ?? 0;
    return { accepted: dispatched - queued, waiting: this.#socket.bytesWritten - dispatched + queued };
  }

  /**
   * Sends bytes; false means that the peer is slower than the writer, who should await whenDrained(). The
   * array must not be changed until `written` is called; it is also called when the connection breaks.
   */
  write(bytes: Uint8Array | string, written?: () => void): boolean {
    if (!this.#open) {
      if (written !== undefined) queueMicrotask(written);
      return false;
    }
    return this.#socket.write(bytes, written === undefined ? undefined : () => written());
  }

  /** Resolves when what was written has gone to the kernel, or the connection has ended. */
  whenDrained(): Promise<void> {
    if (!this.#open || !this.#socket.writableNeedDrain) return Promise.resolve();
    this.#drained ??= new Promise((resolve) => {
      const done = () => {
        this.#socket.off("drain", done);
        this.#socket.off("close", done);
        this.#drained = null;
        resolve();
      };
      this.#socket.once("drain", done);
      this.#socket.once("close", done);
    });
    return this.#drained;
  }

  /** Stops reading at once: no further chunk comes until resume(). */
  pause(): void {
    this.#paused = true;
    this.#readOrHold();
  }

  resume(): void {
    this.#paused = false;
    if (this.#unread !== null) queueMicrotask(() => this.#deliverUnread());
    this.#readOrHold();
  }

  /** Gives back bytes that the handler did not want: the next handler gets them first. They are copied. */
  unread(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#unread = this.#unread === null ? Buffer.from(bytes) : Buffer.concat([bytes, this.#unread]);
  }

  /** Ends the connection at once. */
  destroy(): void {
    this.#open = false;
    this.#socket.destroy();
  }

  /** The reads of the socket below come in here. */
  take(chunk: Uint8Array): void {
    if (!this.#open) return;
    if (this.#unread !== null) {
      this.#unread = Buffer.concat([this.#unread, chunk]);
      this.#deliverUnread();
    } else if (this.#handler === null || this.#paused) {
      this.#unread = Buffer.from(chunk);
    } else {
      this.#handler(chunk);
    }
  }

  #deliverUnread(): void {
    const bytes = this.#unread;
    if (bytes === null || this.#handler === null || this.#paused || !this.#open) return;
    this.#unread = null;
    this.#handler(bytes);
    this.#readOrHold();
  }

  #readOrHold(): void {
    if (!this.#open) return;
    const wanted = this.#handler !== null && !this.#paused && this.#unread === null;
    if (wanted) this.#socket.resume();
    else this.#socket.pause();
  }
}
