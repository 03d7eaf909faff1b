import { Redis, type RedisOptions } from "ioredis";

/**
 * A client that comes back after a restart of its server and never sends a command twice: what was on its way
 * when the connection broke is rejected, since a counter that is incremented twice would spoil a comparison.
 * What has not been sent waits for the next connection.
 * RESP2 and no CLIENT SETINFO, so that old servers and nutcracker (which hangs up on both) understand it.
 */
export function plainClient(options: { port: number; password?: string }): Redis {
  return new PlainClient({
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
}

type PlainOptions = RedisOptions & { replyMapping?: "legacy" };

class PlainClient extends Redis {
  constructor(options: PlainOptions) {
    super(options);
    // Without a listener ioredis prints each refused reconnection.
    this.on("error", () => {});
    // Without autoResendUnfulfilledCommands ioredis forgets, as soon as it is connected again, what was not
    // answered, and never settles it (ioredis: event_handler.js readyHandler, prevCommandQueue). Only what
    // rejects everything, the unsent as well, is public.
    this.on("close", () => {
      const queues = this as unknown as { flushQueue(why: Error, which: { offlineQueue: boolean }): void };
      queues.flushQueue(new Error("the connection broke before the answer came"), { offlineQueue: false });
    });
  }

  override duplicate(override?: Partial<RedisOptions>): Redis {
    return new PlainClient({ ...this.options, ...override } as PlainOptions);
  }
}
