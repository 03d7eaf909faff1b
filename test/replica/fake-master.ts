import { createServer, type Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { onTestFinished } from "vitest";

export const replid = "0123456789abcdef0123456789abcdef01234567";
export const otherReplid = "fedcba9876543210fedcba9876543210fedcba98";

/** One connection of a replica, as the master sees it. */
export class FakeConnection {
  readonly socket: Socket;
  /** Offsets of the REPLCONF ACKs so far. */
  readonly acks: bigint[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
  }

  send(bytes: string | Uint8Array): void {
    this.socket.write(bytes);
  }

  /** Each piece in a write of its own, given time to travel alone. */
  async sendInPieces(bytes: Uint8Array, sizes: () => number): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const size = Math.max(1, sizes());
      await new Promise<void>((resolve) => this.socket.write(bytes.subarray(at, at + size), () => resolve()));
      await turn();
      at += size;
    }
  }
}

export type FakeMaster = {
  readonly port: number;
  /** All commands but the ACKs, of all connections, in order. */
  readonly requests: string[][];
  readonly connections: FakeConnection[];
  /** The last connection that sent PSYNC. */
  replica(): FakeConnection;
};

/** What a master answers: a line without its end, or a function that sends what it likes. */
export type Answer = string | ((connection: FakeConnection, args: string[]) => void);

/**
 * A master that does what a real one does not do on demand. `answers` by the command's name, or by name and
 * first argument; PING is answered with PONG and anything else with OK unless told otherwise.
 */
export async function startFakeMaster(answers: Record<string, Answer>): Promise<FakeMaster> {
  const requests: string[][] = [];
  const connections: FakeConnection[] = [];
  let replica: FakeConnection | null = null;
  const server = createServer((socket) => {
    const connection = new FakeConnection(socket);
    connections.push(connection);
    socket.setNoDelay(true);
    socket.on("error", () => {});
    let text = "";
    let inMulti = false;
    socket.on("data", (data) => {
      text += data.toString("latin1");
      for (let parsed = parse(text); parsed !== null; parsed = parse(text)) {
        text = text.slice(parsed.length);
        const { args } = parsed;
        const name = args[0]!.toUpperCase();
        if (name === "REPLCONF" && args[1] === "ACK") {
          connection.acks.push(BigInt(args[2]!));
          continue;
        }
        requests.push(args);
        if (name === "MULTI") inMulti = true;
        if (name === "DISCARD" || name === "EXEC") inMulti = false;
        // The checks ask whether it would be permitted, and never run it.
        if (name === "PSYNC" && inMulti) {
          connection.send("+QUEUED\r\n");
          continue;
        }
        if (name === "PSYNC") replica = connection;
        const answer = answers[`${name} ${args[1]}`] ?? answers[name] ?? (name === "PING" ? "+PONG" : "+OK");
        if (typeof answer === "string") connection.send(`${answer}\r\n`);
        else answer(connection, args);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    for (const { socket } of connections) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    requests,
    connections,
    replica() {
      if (replica === null) throw new Error("nobody has sent PSYNC");
      return replica;
    },
  };
}

function parse(text: string): { args: string[]; length: number } | null {
  const count = /^\*(\d+)\r\n/.exec(text);
  if (count === null) return null;
  const args: string[] = [];
  let at = count[0].length;
  for (let left = Number(count[1]); left > 0; left--) {
    const header = /^\$(\d+)\r\n/.exec(text.slice(at, at + 32));
    if (header === null) return null;
    at += header[0].length;
    const length = Number(header[1]);
    if (text.length < at + length + 2) return null;
    args.push(text.slice(at, at + length));
    at += length + 2;
  }
  return { args, length: at };
}
