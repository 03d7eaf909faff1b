import { createConnection } from "node:net";

/**
 * Sends one inline command on a connection of its own and returns the first line of the answer. It speaks no
 * more of the protocol than that, so that it works with every server, also one that wants a password.
 */
export function firstReply(port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host: "127.0.0.1", port });
    let answer = "";
    socket.setTimeout(2_000, () => socket.destroy(new Error(`port ${port} does not answer`)));
    socket.once("connect", () => socket.write(request));
    socket.on("data", (data) => {
      answer += data.toString("latin1");
      if (!answer.includes("\r\n")) return;
      resolve(answer.slice(0, answer.indexOf("\r\n")));
      socket.destroy();
    });
    socket.once("error", reject);
    socket.once("close", () => reject(new Error(`port ${port} closed the connection`)));
  });
}
