import { expect, test } from "vitest";
import { startRedis, until } from "../../servers/index.ts";
import { startOldMaster } from "../harness/old-master.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";

test("inline commands and empty lines in the stream are taken as a replica takes them, and counted to the byte", async () => {
  const [master, destination] = [await startOldMaster(), await startRedis()];
  const { client } = destination;
  const sync = new SyncForTest({ source: endpointAt(master), destination: endpointAt(destination) }).start();
  await sync.reaches("synchronizing");
  master.send("SELECT", "0");
  master.send("INCR", "n");
  master.sendRaw(Buffer.from('\n\r\nPING\r\nset quoted "a b\\x41\\n"\nincr n\r\n\r\n'));
  master.send("INCR", "n");
  master.sendRaw(Buffer.from("MULTI\r\nINCR n\r\nRPUSH list 'x y' z\r\nEXEC\r\n"));
  for (const byte of Buffer.from("INCR n\r\n\n")) master.sendRaw(Buffer.from([byte]));
  master.send("SET", "after", "1");
  await until(() => client.exists("after"), { what: "all is applied", timeoutMs: 30_000 });
  const state = async () => [
    await client.get("n"),
    await client.get("quoted"),
    await client.lrange("list", 0, -1),
  ];
  expect(await state()).toEqual(["5", "a bA\n", ["x y", "z"]]);
  await sync.stop();
  expect(sync.latest?.checkpoint?.offset).toBe(String(master.offset()));

  // From the checkpoint on, which inline commands have counted in.
  const again = new SyncForTest({ source: endpointAt(master), destination: endpointAt(destination) }).start();
  await again.reaches("synchronizing");
  master.sendRaw(Buffer.from("INCR n\n"));
  await until(async () => (await client.get("n")) === "6", { what: "it goes on", timeoutMs: 30_000 });
  expect(again.latest?.initialSync).toBe(null);
});

test.each([
  ['SET b "x\r\n', /the words of SET b "x.* end within quotes, or go on behind them, at offset \d+/],
  ["SET b 'x'y\r\n", /the words of SET b 'x'y.* end within quotes, or go on behind them, at offset \d+/],
])("an inline command whose quotes are wrong is refused, and told as what it is: %j", async (line, said) => {
  const [master, destination] = [await startOldMaster(), await startRedis()];
  const sync = new SyncForTest({ source: endpointAt(master), destination: endpointAt(destination) }).start();
  await sync.reaches("synchronizing");
  master.sendRaw(Buffer.from(line));
  await sync.reaches("retrying");
  expect(sync.latest?.reason?.message).toMatch(said);
});

test("a stream that goes wrong each time is not copied anew each second, and the page says when it will be", async () => {
  const [master, destination] = [await startOldMaster(), await startRedis()];
  const sync = new SyncForTest({ source: endpointAt(master), destination: endpointAt(destination) }).start();
  await sync.reaches("synchronizing");
  master.sendRaw(Buffer.from("no command at all\r\n"));
  await until(() => sync.eventsOf("attempt-delayed").length > 0, {
    what: "the next attempt is put off",
    timeoutMs: 60_000,
  });
  expect(sync.eventsOf("attempt-delayed")[0]?.message).toMatch(
    /wanted where .* It has failed so 4 times: the next attempt is in 4 s\.$/,
  );
  expect(sync.latest?.status).toBe("retrying");
  expect(sync.latest?.reason?.message).toContain("the next attempt is in 4 s");
}, 90_000);
