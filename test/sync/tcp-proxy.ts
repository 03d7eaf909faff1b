import { connect, createServer, type Server, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/**
 * Stands between two parties on 127.0.0.1 and breaks their connections: at once, or each of them after a number
 * of bytes, wherever in a command or a reply that falls.
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
  readonly #server: Server;
  readonly #open = new Set<() => void>();

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  static async start(targetPort: number): Promise<TcpProxy> {
    const server = createServer({ noDelay: true });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const proxy = new TcpProxy(server, (server.address() as { port: number }).port);
    server.on("connection", (socket) => proxy.#serve(socket, targetPort));
    onTestFinished(() => proxy.close());
    return proxy;
  }

  /** Breaks all connections, with a reset. */
  cut(): void {
    for (const close of [...this.#open]) close();
  }

  close(): void {
    this.down = true;
    this.cut();
    this.#server.close();
  }

  #serve(near: Socket, targetPort: number): void {
    if (this.down) {
      near.resetAndDestroy();
      return;
    }
    this.accepted++;
    let left = this.lifeOf() ?? Number.POSITIVE_INFINITY;
    const far = connect({ host: "127.0.0.1", port: targetPort, noDelay: true });
    const end = () => {
      if (!this.#open.delete(close)) return;
      near.destroy();
      far.destroy();
    };
    const close = () => {
      if (!this.#open.delete(close)) return;
      this.broken++;
      near.resetAndDestroy();
      far.resetAndDestroy();
    };
    this.#open.add(close);
    const pass = (from: Socket, to: Socket) => {
      from.on("data", (chunk) => {
        const piece = chunk.subarray(0, left);
        left -= piece.length;
        const room = to.write(piece);
        if (left <= 0) {
          // What was passed on must arrive: it is the other side that sees it cut.
          from.pause();
          to.end(() => close());
          setTimeout(close, 20);
        } else if (!room) {
          from.pause();
          to.once("drain", () => from.resume());
        }
      });
      from.on("close", end).on("error", end);
    };
    pass(near, far);
    pass(far, near);
  }
}
