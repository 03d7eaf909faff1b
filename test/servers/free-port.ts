import { createServer } from "node:net";

const handedOut = new Set<number>();

/**
 * A port on 127.0.0.1 that nobody listens on now, and that this function has not given to this process before.
 * It lies below the range from which the kernel takes ports for outgoing connections (32768 and up on Linux),
 * so that a server that is restarted finds its port still free. Somebody else may take it meanwhile: who
 * starts a server on it tries again with another one.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = 12_000 + Math.floor(Math.random() * 20_000);
    if (!handedOut.has(port) && (await canListen(port))) {
      handedOut.add(port);
      return port;
    }
  }
  return await listenOnce(0);
}

async function canListen(port: number): Promise<boolean> {
  try {
    await listenOnce(port);
    return true;
  } catch {
    return false;
  }
}

function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => {
      const address = server.address();
      const bound = typeof address === "object" && address !== null ? address.port : port;
      server.close(() => resolve(bound));
    });
  });
}
