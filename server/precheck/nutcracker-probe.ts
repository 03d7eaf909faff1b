import { connect, type Socket } from "node:net";
import type { RedisEndpoint } from "../redis/endpoint.ts";

/**
 * True when a nutcracker listens at the endpoint: it answers GET, by an error at least, and hangs up on ECHO,
 * which it does not forward, without a word (nutcracker 0.3 to 0.5). A Redis-Server answers both, whatever
 * its ACL, and be it with an error.
 * @param timeoutMs for each of the two answers.
 */
export async function isNutcracker(endpoint: RedisEndpoint, timeoutMs: number): Promise<boolean> {
  if (endpoint.tls) return false;
  const socket = connect({ host: endpoint.host, port: endpoint.port, noDelay: true });
  try {
    socket.write("*2\r\n$3\r\nGET\r\n$9\r\ntributary\r\n");
    const answer = await firstByte(socket, timeoutMs);
    if (answer !== "$" && answer !== "-") return false;
    socket.write("*2\r\n$4\r\nECHO\r\n$1\r\nx\r\n");
    return (await firstByte(socket, timeoutMs)) === "closed";
  } finally {
    socket.destroy();
  }
}

/** The first byte of what comes next, "closed" for an orderly end and "" for anything else. */
function firstByte(socket: Socket, timeoutMs: number): Promise<string> {
  return new Promise((resolve) => {
    const done = (result: string) => {
      clearTimeout(timer);
      for (const event of ["data", "end", "close", "error"]) socket.removeAllListeners(event);
      // A late error must not end the process.
      socket.on("error", () => {});
      resolve(result);
    };
    const timer = setTimeout(done, timeoutMs, "");
    socket.once("data", (bytes: Buffer) => done(String.fromCharCode(bytes[0] ?? 0)));
    socket.once("end", () => done("closed"));
    socket.once("error", (error: NodeJS.ErrnoException) => done(error.code === "ECONNRESET" ? "closed" : ""));
    socket.once("close", () => done("closed"));
  });
}
