import { expect, test } from "vitest";
import { fetchedServer } from "../../../scripts/server-versions.mjs";
import { CommandScanner } from "../../../server/redis/command-scanner.ts";
import { encodeCommand } from "../../../server/redis/encode-command.ts";
import { CommandDowngrade } from "../../../server/sync/commands/command-downgrade.ts";
import {
  restoreReplacing,
  setAllKeeping,
  setFields,
  setKeeping,
} from "../../../server/sync/commands/command-downgrade-scripts.ts";
import { compareUnion, describeDifferences } from "../../digest/compare-union.ts";
import { startRedis, until } from "../../servers/index.ts";

const server = await startRedis();
// The real thing where the machine has it: npm run test:matrix fetches it, and runs this with it.
const older = await startRedis({ binary: fetchedServer("redis-6.0")?.binary ?? "redis-server" });
const downgrade = new CommandDowngrade({ flavor: "redis", version: "6.0.16" }, "6.0.16");

/** What an older destination gets for a command; null where it gets the command itself. */
function downgraded(text: string): string[] | null {
  const args = text.split(" ");
  const bytes = encodeCommand(args);
  const scanner = new CommandScanner("the test");
  scanner.scan(bytes, 0, bytes.length);
  const command =
    args[0] === "COPY"
      ? downgrade.copy(args.map((arg) => Buffer.from(arg)))
      : (downgrade.rewrite(args[0]!, bytes, scanner)?.bytes ?? null);
  return command === null ? null : partsOf(command);
}

function partsOf(command: Buffer): string[] {
  const text = command.toString("latin1");
  const parts: string[] = [];
  for (let at = text.indexOf("$"); at >= 0 && at < text.length; ) {
    const line = text.indexOf("\r\n", at);
    const length = Number(text.slice(at + 1, line));
    parts.push(text.slice(line + 2, line + 2 + length));
    at = line + 4 + length;
  }
  return parts;
}

const list = ["RPUSH l 1 2 3 4 5", "RPUSH m x"];
const zsets = ["ZADD z 1 a 2.5 b inf c -inf d 0.1 e", "ZADD y 1 b 5 f", "SADD s a c"];
const entries = Array.from({ length: 250 }, (_, index) => `XADD x ${index + 1}-1 f ${index}`);
const geo = "GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania";

test.each([
  [list, "LMOVE l m LEFT RIGHT"],
  [list, "LMOVE l m RIGHT LEFT"],
  [list, "LMOVE l l LEFT LEFT"],
  [list, "LMOVE none m LEFT LEFT"],
  [list, "LPOP l 2"],
  [list, "RPOP l 3"],
  [list, "RPOP l 9"],
  [list, "RPOP l 9223372036854775807"],
  [["SET c 1", "PEXPIREAT c 4102444800000"], "COPY c d"],
  [["SET c 1", "RPUSH d 1"], "COPY c d REPLACE"],
  [["SET c 1"], "COPY c d DB 3"],
  [zsets, "ZRANGESTORE t z 1 2"],
  [zsets, "ZRANGESTORE t z 1 2 REV"],
  [zsets, "ZRANGESTORE t z (0.1 +inf BYSCORE LIMIT 1 2"],
  [zsets, "ZRANGESTORE z z +inf 1 BYSCORE REV"],
  [zsets, "ZRANGESTORE z z 50 60"],
  [["ZADD z 0 a 0 b 0 c"], "ZRANGESTORE t z [b + BYLEX"],
  [zsets, "ZDIFFSTORE t 3 z y s"],
  [zsets, "ZDIFFSTORE y 2 z y"],
  [zsets, "ZADD z GT 5 a 1 b 2 new"],
  [zsets, "ZADD z LT XX CH 0 a 9 b 2 new"],
  [zsets, "ZADD z GT INCR -3 a"],
  [zsets, "ZADD z GT INCR 3 a"],
  [[geo], "GEOADD g NX CH 1 2 Palermo 3 4 Other"],
  [[geo], "GEOADD g XX 1 2 Palermo 3 4 Other"],
  [[geo], "GEOSEARCHSTORE t g FROMLONLAT 15 37 BYRADIUS 200 km ASC COUNT 1 STOREDIST"],
  [[geo], "GEOSEARCHSTORE t g FROMMEMBER Palermo BYRADIUS 100 km"],
  [entries, "XADD x NOMKSTREAM MAXLEN = 10 999-1 f 1"],
  [entries, "XADD x NOMKSTREAM MINID = 200 999-1 f 1"],
  [entries, "XADD x MINID 17-1 999-1 f 1"],
  [entries, "XADD x MAXLEN = 10 NOMKSTREAM 999-1 f 1"],
  [entries, "XADD x MINID = 200 NOMKSTREAM 999-1 f 1"],
  [entries, "XTRIM x MINID = 120"],
  [["XADD x 1-1 f 1", "XGROUP CREATE x g 0"], "XGROUP CREATECONSUMER x g c"],
  [["XADD x 1-1 f 1"], "XGROUP CREATE x g 0 ENTRIESREAD 1"],
  [["HMSET h f 1 g 2"], "HDEL h f"],
])("%#: what stands for a newer command leaves the same", async (before, text) => {
  for (const { client } of [server, older]) {
    await client.flushall();
    for (const line of before) await client.call(...(line.split(" ") as [string, ...string[]]));
  }
  const words = text.split(" ");
  const instead = downgraded(text);
  if (words[0] !== "HDEL") expect(instead, text).not.toBe(null);
  await server.client.call(...(words as [string, ...string[]]));
  await older.client.call(...((instead ?? words) as [string, ...string[]]));
  const comparison = await compareUnion({
    shards: [server.client],
    destination: older.client,
    meaning: { streamCounters: true },
    // An older one says an expiry by PTTL and TIME, each rounded.
    expiryToleranceMs: 3,
  });
  expect(comparison.differences, `${text}\n${describeDifferences(comparison)}`).toEqual([]);
});

test("a SET that keeps an expiry keeps the one that is there, and makes none", async () => {
  const { client } = older;
  await client.flushall();
  const at = Date.now() + 1_000_000;
  await client.mset("none", 1, "soon", 1);
  await client.rpush("expiring", 1);
  await client.pexpireat("expiring", at);
  await client.pexpireat("soon", Date.now() + 20);
  const keys = ["none", "expiring", "soon", "new"];
  for (const key of keys) await client.eval(setKeeping, 1, key, "2");
  await client.eval(setAllKeeping, keys.length, ...keys, ...keys.map((key) => `3 ${key}`));
  await until(async () => (await client.exists("soon")) === 0, { what: "what was about to expire has" });
  expect(await client.mget(keys)).toEqual(["3 none", "3 expiring", null, "3 new"]);
  expect(await Promise.all(keys.map((key) => client.ttl(key)))).toEqual([-1, expect.any(Number), -2, -1]);
  const [asked, life, answered] = [Date.now(), await client.pttl("expiring"), Date.now()];
  // From 6.0 on PTTL counts from the beginning of the script.
  expect(asked + life).toBeLessThanOrEqual(at + 50);
  expect(answered + life).toBeGreaterThanOrEqual(at - 50);
});

test("a value is restored in the place of another, of any bytes", async () => {
  const { client } = older;
  await client.rpush("from", Buffer.from([0, 255, 13, 10]));
  await client.set("to", 1);
  await client.eval(restoreReplacing, 1, "to", (await client.dumpBuffer("from"))!);
  expect(await client.lrangeBuffer("to", 0, -1)).toEqual([Buffer.from([0, 255, 13, 10])]);
});

test("a hash of many fields is set by a script in slices", async () => {
  const { client } = older;
  const fields = Array.from({ length: 9001 }, (_, index) => [`f${index}`, String(index)]).flat();
  await client.eval(setFields, 1, "many", "", "", ...fields);
  expect(await client.hlen("many")).toBe(9001);
  expect(await client.hget("many", "f9000")).toBe("9000");
});

test("a field's expiry that the destination has not is a loss, and the field arrives", () => {
  const rewrite = (text: string) => {
    const bytes = encodeCommand(text.split(" "));
    const scanner = new CommandScanner("the test");
    scanner.scan(bytes, 0, bytes.length);
    return downgrade.rewrite(text.split(" ")[0]!, bytes, scanner);
  };
  expect(rewrite("HPEXPIREAT h 4102444800000 FIELDS 1 f")).toEqual({ bytes: null, fieldExpiryLost: true });
  expect(rewrite("HPERSIST h FIELDS 1 f")).toEqual({ bytes: null });
  const set = rewrite("HSETEX h PXAT 4102444800000 FIELDS 2 f 1 g 2");
  expect(partsOf(set!.bytes!).join(" ")).toBe("HMSET h f 1 g 2");
  expect(set!.fieldExpiryLost).toBe(true);
  for (const options of ["", "KEEPTTL "]) {
    expect(rewrite(`HSETEX h ${options}FIELDS 1 f 1`)!.fieldExpiryLost).toBe(false);
  }
});

test("a condition that held on the source is not asked again, and LIMIT goes with it", () => {
  expect(downgraded("XTRIM x MAXLEN = 5 LIMIT 100")?.join(" ")).toBe("XTRIM x MAXLEN = 5");
  expect(downgraded("DELIFEQ a 1")?.join(" ")).toBe("DEL a");
  for (const options of ["LIMIT 5 MAXLEN = 3", "MAXLEN = 3 LIMIT 5", "MAXLEN = 3 NOMKSTREAM LIMIT 5"]) {
    expect(downgraded(`XADD x ${options} 1-1 LIMIT 7`)?.join(" ")).toBe("XADD x MAXLEN = 3 1-1 LIMIT 7");
  }
});
