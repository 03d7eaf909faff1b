import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { startRedis, until } from "../../servers/index.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";

/** A way to a server on which transactions, and nothing else, take their time: other connections overtake them. */
async function slowTransactions(port: number, delayMs: number): Promise<number> {
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    let passed = Promise.resolve();
    near.on("data", (chunk: Buffer) => {
      passed = passed.then(async () => {
        if (chunk.includes("EXEC")) await sleep(delayMs);
        far.write(chunk);
      });
    });
    far.on("data", (chunk: Buffer) => near.write(chunk));
    for (const socket of [near, far]) {
      socket.on("error", () => {});
      socket.on("close", () => {
        near.destroy();
        far.destroy();
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

test("keys that a transaction notes are copied again although the set was looked at before it was applied", async () => {
  const shard = await startRedis();
  const destination = await startRedis();
  const port = await slowTransactions(destination.port, 400);
  const sync = new SyncForTest({ source: endpointAt(shard), destination: endpointAt({ port }) }).start();
  await sync.reaches("synchronizing");
  await shard.client.mset("a", 1, "b", 1);
  await sync.caughtUp(shard.client, destination.client);
  await sync.stop();
  // Renewals that come while the stream is behind are noted.
  await shard.client.pipeline().expire("a", 100).pexpire("b", 100_000).exec();
  sync.start();
  await sync.reaches("synchronizing");
  await sync.caughtUp(shard.client, destination.client);
  await until(() => sync.latest?.stream?.doubtfulKeys === 0, { what: "no doubtful key is left" });
  await sync.stop();
  expect(await destination.client.pttl("a")).toBeGreaterThan(0);
}, 60_000);
