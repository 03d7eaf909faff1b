import { connect, createServer, type Server, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** Stands in front of a server and notes every command that is sent to it, by connection. */
export class CommandRecorder {
  readonly port: number;
  readonly #server: Server;
  readonly #conversations: Buffer[][] = [];

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as { port: number }).port;
  }

  static async start(targetPort: number): Promise<CommandRecorder> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const recorder = new CommandRecorder(server);
    const sockets = new Set<Socket>();
    server.on("connection", (near) => {
      const far = connect(targetPort, "127.0.0.1");
      const said: Buffer[] = [];
      recorder.#conversations.push(said);
      near.on("data", (chunk: Buffer) => said.push(chunk));
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(socket);
        socket.on("error", () => {}).on("close", () => other.destroy());
        socket.pipe(other);
      }
    });
    onTestFinished(() => {
      recorder.#server.close();
      for (const socket of sockets) socket.destroy();
    });
    return recorder;
  }

  /** Of each connection its commands as their arguments, latin1. */
  get conversations(): string[][][] {
    return this.#conversations.map((said) => commandsIn(Buffer.concat(said).toString("latin1")));
  }
}

/** All whole commands of a conversation. @throws Error on what is no command in RESP. */
function commandsIn(text: string): string[][] {
  const commands: string[][] = [];
  let at = 0;
  const line = () => {
    const end = text.indexOf("\r\n", at);
    if (end < 0) return null;
    const found = text.slice(at, end);
    at = end + 2;
    return found;
  };
  for (;;) {
    const head = line();
    if (head === null) return commands;
    if (!/^\*\d+$/.test(head)) throw new Error(`this is no command: ${JSON.stringify(head.slice(0, 100))}`);
    const args: string[] = [];
    for (let left = Number(head.slice(1)); left > 0; left--) {
      const length = line();
      if (length === null) return commands;
      args.push(text.slice(at, at + Number(length.slice(1))));
      at += Number(length.slice(1)) + 2;
    }
    if (at > text.length) return commands;
    commands.push(args);
  }
}
