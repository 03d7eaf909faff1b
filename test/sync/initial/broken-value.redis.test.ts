import { expect, test } from "vitest";
import { startRedis, until } from "../../servers/index.ts";
import { smallRdb, startOldMaster } from "../harness/old-master.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";

const string = (text: string | Buffer) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
const fill = Buffer.concat(
  Array.from({ length: 60 }, (_, index) =>
    Buffer.concat([Buffer.from([0]), string(`key${index}`), string("v".repeat(40))]),
  ),
);
const [HASH_ZIPLIST, STRING, LIST] = [13, 0, 1];

test.each([
  [
    "a ziplist that states another length",
    HASH_ZIPLIST,
    string(Buffer.from("630000000a0000000100000 2ff".replace(" ", "f"), "hex")),
  ],
  ["a compressed string that is none", STRING, Buffer.from([0xc3, 3, 50, 1, 2, 3])],
  ["a list with an element of no kind", LIST, Buffer.from([1, 0xcf])],
])("RDB_CORRUPT names the key and the offset in the RDB: %s", async (_, type, value) => {
  const body = Buffer.concat([fill, Buffer.from([type]), string("the:broken:one"), value]);
  const rdb = smallRdb({}, body);
  const at = rdb.indexOf("the:broken:one") + "the:broken:one".length;
  const [master, destination] = [await startOldMaster(rdb), await startRedis()];
  const sync = new SyncForTest({ source: endpointAt(master), destination: endpointAt(destination) }).start();
  const said = () => sync.events.map(({ message }) => /broken at byte (\d+): .*/.exec(message)).find(Boolean);
  await until(said, { what: "the RDB is found to be broken", timeoutMs: 30_000 });
  expect(said()![0]).toContain("the:broken:one");
  expect(Number(said()![1])).toBeGreaterThanOrEqual(at);
  expect(Number(said()![1])).toBeLessThanOrEqual(at + value.length);
});
