import { connect, createServer, type Server, type Socket } from "node:net";
import type { Behavior, Victim } from "./behaviors.ts";

/** When a peer turns hostile: at these words of the client, or once it has said so many bytes itself. */
export type Trigger = { readonly words: RegExp } | { readonly afterBytes: number };

/**
 * Stands in front of a real server and passes all on, until the client says certain words: then the behavior takes over
 * that connection, in the place of the server's answer.
 */
export class HostileProxy {
  readonly port: number;
  /** Connections that the behavior has taken over. */
  hits = 0;
  /** Of those, the ones that the engine has ended. */
  ended = 0;
  /** Of those, the ones on which all has been said. */
  said = 0;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(server: Server, sockets: Set<Socket>, port: number) {
    this.#server = server;
    this.#sockets = sockets;
    this.port = port;
  }

  /** @param most connections that are taken over; later ones find an honest server. */
  static async start(
    upstream: number,
    trigger: Trigger,
    behavior: Behavior,
    most = 3,
  ): Promise<HostileProxy> {
    const sockets = new Set<Socket>();
    const server = createServer((client) => {
      const real = connect(upstream, "127.0.0.1");
      for (const socket of [client, real]) {
        sockets.add(socket);
        socket.setNoDelay(true);
        socket.on("error", () => {});
        socket.on("close", () => sockets.delete(socket));
      }
      let said = "";
      let due = false;
      let taken = false;
      let passed = 0;
      const take = (answer: Buffer) => {
        taken = true;
        proxy.hits++;
        client.on("close", () => {
          proxy.ended++;
        });
        real.destroy();
        const done = () => {
          proxy.said++;
        };
        behavior.act(victimOf(client, answer)).then(done, done);
      };
      client.on("data", (bytes) => {
        if (taken) return;
        if ("words" in trigger && proxy.hits < most && !due) {
          said = (said + bytes.toString("latin1")).slice(-512);
          due = trigger.words.test(said);
        }
        real.write(bytes);
      });
      real.on("data", (bytes) => {
        if (taken) return;
        passed += bytes.length;
        if ("afterBytes" in trigger && proxy.hits < most && passed > trigger.afterBytes) due = true;
        if (due) take(bytes);
        else client.write(bytes);
      });
      client.on("close", () => real.destroy());
      real.on("close", () => {
        if (!taken) client.destroy();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const proxy = new HostileProxy(server, sockets, (server.address() as { port: number }).port);
    return proxy;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function victimOf(socket: Socket, answer: Buffer): Victim {
  const open = () => !socket.destroyed && socket.writable;
  return {
    answer,
    socket,
    get open() {
      return open();
    },
    async send(bytes) {
      if (!open()) return;
      if (socket.write(bytes)) return;
      await new Promise<void>((resolve) => {
        const done = () => {
          socket.off("drain", done).off("close", done);
          resolve();
        };
        socket.once("drain", done).once("close", done);
      });
    },
  };
}
