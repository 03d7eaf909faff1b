import { connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import { onTestFinished, TestRunner } from "vitest";
import { type Direction, Trap, type TrapOptions } from "./proxy-trap.ts";

/** How one direction of all connections is slowed down. */
export type Shape = {
  /** ms that each chunk waits; drawn anew for each. */
  readonly delayMs?: () => number;
  /** Each chunk goes in pieces of this many bytes, each written for itself. */
  readonly pieceBytes?: number;
  /** Of each connection. */
  readonly bytesPerSecond?: number;
};

/**
 * Stands between two parties on 127.0.0.1 and does to their connections what networks do: it breaks them at once,
 * after a number of bytes or at a place in the conversation, lets nothing more through without a word, delays, and
 * slows down.
 */
export class TcpProxy {
  readonly port: number;
  /** Connections that were accepted, and those that were broken, since the start. */
  accepted = 0;
  broken = 0;
  /** New connections are refused while it is true. */
  down = false;
  /** Bytes, of both directions together, after which the next connection breaks; null lets it live. */
  lifeOf: () => number | null = () => null;
  /** May be changed at any time; holds from the next chunk on. */
  readonly shape: Record<Direction, Shape> = { up: {}, down: {} };
  /** ms after which a connection on which nothing has passed is broken; null lets it live. For new ones. */
  idleMs: number | null = null;
  /** Bytes that were passed on. */
  readonly passed: Record<Direction, number> = { up: 0, down: 0 };
  readonly #server: Server;
  readonly #open = new Set<Connection>();
  readonly #traps = new Set<Trap>();
  #targetPort: number;
  #silent = false;

  private constructor(server: Server, port: number, targetPort: number) {
    this.#server = server;
    this.port = port;
    this.#targetPort = targetPort;
  }

  static async start(targetPort: number): Promise<TcpProxy> {
    const server = createServer({ noDelay: true });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const proxy = new TcpProxy(server, (server.address() as { port: number }).port, targetPort);
    server.on("connection", (socket) => proxy.#serve(socket));
    if (TestRunner.getCurrentTest() !== undefined) onTestFinished(() => proxy.close());
    return proxy;
  }

  /** From now on new connections go to another server, as when an address moves along; open ones stay where they are. */
  retarget(port: number): void {
    this.#targetPort = port;
  }

  /** Breaks all connections, with a reset. */
  cut(): void {
    for (const connection of [...this.#open]) connection.break();
  }

  /**
   * From now on nothing passes through the open connections, and no end of one is passed on either: neither party
   * learns that the other is gone. With `newcomers: "silent"` new connections are accepted and then as mute.
   */
  freeze(options: { directions?: readonly Direction[]; newcomers: "served" | "silent" }): void {
    for (const connection of this.#open) connection.freeze(options.directions ?? ["up", "down"]);
    this.#silent = options.newcomers === "silent";
  }

  /** What is frozen goes on where it was. */
  thaw(): void {
    this.#silent = false;
    for (const connection of this.#open) connection.thaw();
  }

  /** Waits for a place in a conversation, on whichever connection it comes first. */
  trap(options: TrapOptions): Trap {
    const trap = new Trap(options);
    this.#traps.add(trap);
    return trap;
  }

  close(): void {
    this.down = true;
    this.cut();
    this.#server.close();
  }

  #serve(near: Socket): void {
    if (this.down) {
      near.resetAndDestroy();
      return;
    }
    this.accepted++;
    const far = connect({ host: "127.0.0.1", port: this.#targetPort, noDelay: true });
    const connection = new Connection(near, far, this.lifeOf() ?? Number.POSITIVE_INFINITY, {
      shape: this.shape,
      look: (direction, chunk) => this.#look(connection, direction, chunk),
      onPassed: (direction, bytes) => {
        this.passed[direction] += bytes;
      },
      onEnd: (broken) => {
        this.#open.delete(connection);
        if (broken) this.broken++;
      },
    });
    this.#open.add(connection);
    if (this.idleMs !== null) near.setTimeout(this.idleMs, () => connection.break());
    if (this.#silent) connection.freeze(["up", "down"]);
    connection.run();
  }

  #look(connection: Connection, direction: Direction, chunk: Buffer): Sprung | null {
    for (const trap of this.#traps) {
      const at = trap.look(connection, direction, chunk);
      if (!trap.set) this.#traps.delete(trap);
      if (at !== null && trap.options.act !== "tell") return { at, act: trap.options.act };
    }
    return null;
  }
}

type Sprung = { readonly at: number; readonly act: "cut" | "freeze" };

type Surroundings = {
  readonly shape: Readonly<Record<Direction, Shape>>;
  readonly look: (direction: Direction, chunk: Buffer) => Sprung | null;
  readonly onPassed: (direction: Direction, bytes: number) => void;
  readonly onEnd: (broken: boolean) => void;
};

/** One connection through the proxy. */
class Connection {
  readonly #near: Socket;
  readonly #far: Socket;
  readonly #around: Surroundings;
  #left: number;
  #ended = false;
  /** Bytes of neither direction pass any more: it is about to break. */
  #cutting = false;
  readonly #frozen = new Set<Direction>();
  #thawed: (() => void)[] = [];

  constructor(near: Socket, far: Socket, life: number, around: Surroundings) {
    this.#near = near;
    this.#far = far;
    this.#left = life;
    this.#around = around;
    for (const socket of [near, far]) socket.on("error", () => {});
  }

  run(): void {
    void this.#pass("up", this.#near, this.#far);
    void this.#pass("down", this.#far, this.#near);
  }

  freeze(directions: readonly Direction[]): void {
    for (const direction of directions) this.#frozen.add(direction);
  }

  thaw(): void {
    this.#frozen.clear();
    for (const wake of this.#thawed.splice(0)) wake();
  }

  break(): void {
    if (this.#end(true)) {
      this.#near.resetAndDestroy();
      this.#far.resetAndDestroy();
    }
  }

  #end(broken: boolean): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    this.thaw();
    this.#around.onEnd(broken);
    return true;
  }

  async #pass(direction: Direction, from: Socket, to: Socket): Promise<void> {
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        await this.#whileFrozen(direction);
        if (this.#ended || this.#cutting) break;
        const sprung = this.#around.look(direction, chunk);
        const room = sprung === null ? this.#left : Math.min(this.#left, sprung.at);
        const piece = chunk.subarray(0, room);
        this.#left -= piece.length;
        await this.#send(direction, to, piece);
        if (this.#left <= 0 || sprung?.act === "cut") return this.#cutAfter(to);
        if (sprung?.act === "freeze") {
          this.freeze(["up", "down"]);
          await this.#whileFrozen(direction);
          await this.#send(direction, to, chunk.subarray(room));
        }
      }
    } catch {
      // A reset by one party is passed on to the other as an end.
    }
    await this.#whileFrozen(direction);
    if (!this.#cutting && this.#end(false)) {
      this.#near.destroy();
      this.#far.destroy();
    }
  }

  /** What was passed on must arrive: it is the other side that sees it cut. */
  #cutAfter(to: Socket): void {
    this.#cutting = true;
    to.end(() => this.break());
    setTimeout(() => this.break(), 20);
  }

  async #send(direction: Direction, to: Socket, bytes: Buffer): Promise<void> {
    const { delayMs, pieceBytes, bytesPerSecond } = this.#around.shape[direction];
    if (delayMs !== undefined) await sleep(delayMs());
    // Twenty pieces a second are even enough.
    const most = pieceBytes ?? (bytesPerSecond === undefined ? bytes.length : Math.ceil(bytesPerSecond / 20));
    for (let at = 0; at < bytes.length && !this.#ended; at += most) {
      const piece = bytes.subarray(at, at + most);
      const room = to.write(piece);
      this.#around.onPassed(direction, piece.length);
      if (!room) await drained(to);
      if (bytesPerSecond !== undefined) await sleep((piece.length / bytesPerSecond) * 1000);
      // The reader has its turn before the next piece: it does not find the two together.
      else if (pieceBytes !== undefined) await turn();
    }
  }

  async #whileFrozen(direction: Direction): Promise<void> {
    while (this.#frozen.has(direction) && !this.#ended) {
      await new Promise<void>((resolve) => this.#thawed.push(resolve));
    }
  }
}

function drained(socket: Socket): Promise<void> {
  if (!socket.writableNeedDrain || socket.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    socket.once("drain", resolve).once("close", resolve);
  });
}
