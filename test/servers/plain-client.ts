import { Redis } from "ioredis";

/**
 * A client that comes back after a restart of its server and never sends a command twice: what was on its way
 * when the connection broke is rejected, since a counter that is incremented twice would spoil a comparison.
 * RESP2 and no CLIENT SETINFO, so that old servers and nutcracker (which hangs up on both) understand it.
 */
export function plainClient(options: { port: number; password?: string }): Redis {
  const client = new Redis({
    host: "127.0.0.1",
    protocol: 2,
    disableClientInfo: true,
    enableReadyCheck: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: null,
    retryStrategy: () => 50,
    lazyConnect: true,
    ...options,
  });
  // Without a listener ioredis prints each refused reconnection.
  client.on("error", () => {});
  return client;
}
