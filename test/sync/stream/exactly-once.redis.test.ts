import { expect, test } from "vitest";
import { encodeCommand } from "../../../server/redis/encode-command.ts";
import { startRedis, until } from "../../servers/index.ts";
import { startOldMaster } from "../harness/old-master.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";

const COUNT = 20_000;

test("each command is applied exactly once where a transaction is discarded while the next ones are under way", async () => {
  const [master, destination] = [await startOldMaster(), await startRedis()];
  const { client } = destination;
  const sync = new SyncForTest({ source: endpointAt(master), destination: endpointAt(destination) }).start();
  await sync.reaches("synchronizing");
  // More than a transaction holds, in one piece, so that the next is full before the first is answered.
  const counted = encodeCommand(["INCR", "n"]);
  const numbered: Buffer[] = Array.from({ length: COUNT }, (_, index) =>
    Buffer.concat([counted, encodeCommand(["RPUSH", "list", String(index)])]),
  );
  numbered.splice(100, 0, encodeCommand(["NO.SUCH.COMMAND", "k"]));
  numbered.splice(COUNT / 2, 0, encodeCommand(["ANOTHER.UNKNOWN", "k"]));
  master.sendRaw(Buffer.concat([encodeCommand(["SELECT", "0"]), ...numbered]));
  master.send("SET", "after", "1");
  await until(() => client.exists("after"), { what: "all is applied", timeoutMs: 60_000 });
  expect(await client.get("n")).toBe(String(COUNT));
  expect(await client.lrange("list", 0, -1)).toEqual(
    Array.from({ length: COUNT }, (_, index) => String(index)),
  );
  await until(() => sync.refused().length > 1, { what: "both refusals are reported" });
  expect(
    sync
      .refused()
      .map(({ command, count }) => `${command} ${count}`)
      .sort(),
  ).toEqual(["ANOTHER.UNKNOWN 1", "NO.SUCH.COMMAND 1"]);
}, 90_000);
