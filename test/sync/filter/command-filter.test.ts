import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { HEARTBEAT_KEY } from "../../../server/sync/checkpoint/own-keys.ts";
import { FilterForTest } from "../harness/filter-for-test.ts";

const mapped = {
  kind: "pairs",
  pairs: [
    { source: 0, destination: 0 },
    { source: 3, destination: 5 },
  ],
} as const;

test("forwards what it does not know, in any case", () => {
  const filter = new FilterForTest();
  expect(filter.decide("INCR", "key")).toBe("forward");
  expect(filter.decide("incr", "key")).toBe("forward");
  expect(filter.decide("a.module.command", "key")).toBe("forward");
  expect(filter.filter.name.name).toBe("A.MODULE.COMMAND");
  expect(filter.decide(Buffer.from([0xff, 0x00]), "key")).toBe("forward");
});

test("tells names apart that differ in one byte or only in what upper case hides", () => {
  const filter = new FilterForTest();
  expect(filter.decide("PING")).toBe("control");
  expect(filter.decide("PINGS")).toBe("forward");
  // 0x10 and "0" hash alike.
  expect(filter.decide("\x10\x09\x0e\x07")).toBe("forward");
  expect(filter.decide("FLUSHAL\x4c")).toBe("skip FLUSHALL");
  expect(filter.decide("FLUSHAL\x6c")).toBe("skip FLUSHALL");
  expect(filter.decide("FLUSHAL\x0c")).toBe("forward");
});

test("PING, REPLCONF and an empty command go nowhere, and GETACK is told", () => {
  const filter = new FilterForTest();
  expect(filter.decide("PING")).toBe("control");
  expect(filter.decide("ping")).toBe("control");
  expect(filter.decide("REPLCONF", "GETACK", "*")).toBe("getack");
  expect(filter.decide("replconf", "getack", "*")).toBe("getack");
  expect(filter.decide("REPLCONF", "ACK", "1")).toBe("control");
  expect(filter.decide()).toBe("control");
});

test("SELECT is followed, in any case, and maps databases", () => {
  const filter = new FilterForTest({ map: mapped });
  expect(filter.filter).toMatchObject({ db: 0, target: 0 });
  expect(filter.decide("select", "3")).toBe("control");
  expect(filter.filter).toMatchObject({ db: 3, target: 5 });
  expect(filter.decide("SET", "key", "value")).toBe("forward");
  filter.decide("SELECT", "1");
  expect(filter.filter).toMatchObject({ db: 1, target: null });
  expect(filter.decide("SET", "key", "value")).toBe("skip DB_NOT_SELECTED");
  expect(filter.decide("SETEX", "key", "10", "value")).toBe("skip DB_NOT_SELECTED");
  expect(filter.decide("EVAL", "return 1", "0")).toBe("skip DB_NOT_SELECTED");
  expect(filter.filter.reason).toContain("database 1");
  expect(filter.filter.alert).toBe(false);
  filter.decide("SELECT", "0");
  expect(filter.decide("SET", "key", "value")).toBe("forward");
});

test("begins in the database of the checkpoint", () => {
  expect(new FilterForTest({ map: mapped, db: 3 }).filter.target).toBe(5);
  expect(new FilterForTest({ map: mapped, db: 2 }).decide("DEL", "key")).toBe("skip DB_NOT_SELECTED");
});

test("MULTI and EXEC are not forwarded and mark what lies between them", () => {
  const filter = new FilterForTest();
  expect(filter.decide("multi")).toBe("control");
  expect(filter.filter.inTransaction).toBe(true);
  expect(filter.decide("SET", "key", "value")).toBe("forward");
  expect(filter.decide("EXEC")).toBe("control");
  expect(filter.filter.inTransaction).toBe(false);
});

test.each(["FLUSHALL", "flushall", "FLUSHDB", "SWAPDB"])("%s is skipped with an alert", (name) => {
  const filter = new FilterForTest({ map: mapped });
  expect(filter.decide(name, "0", "1")).toBe(`skip ${name.toUpperCase()}`);
  expect(filter.filter.alert).toBe(true);
  filter.decide("SELECT", "1");
  expect(filter.decide(name)).toBe(`skip ${name.toUpperCase()}`);
});

test("SCRIPT FLUSH and FUNCTION FLUSH are skipped, the latter with an alert, what loads is not", () => {
  const filter = new FilterForTest({ alone: false });
  expect(filter.decide("SCRIPT", "FLUSH")).toBe("skip SCRIPT_FLUSH");
  expect(filter.decide("script", "flush", "async")).toBe("skip SCRIPT_FLUSH");
  expect(filter.filter.alert).toBe(false);
  expect(filter.decide("FUNCTION", "FLUSH")).toBe("skip FUNCTION_FLUSH");
  expect(filter.filter.alert).toBe(true);
  expect(filter.decide("SCRIPT", "LOAD", "return 1")).toBe("forward");
});

test("a library replaces the one that another shard has loaded, and only a shard alone deletes one", () => {
  const filter = new FilterForTest();
  const code = "#!lua name=lib\nredis.register_function('f', function() end)";
  expect(filter.decide("FUNCTION", "LOAD", code)).toBe(`replace FUNCTION LOAD REPLACE ${code}`);
  const sha = createHash("sha1").update(code).digest("hex");
  expect(filter.beside()).toEqual(["HGET libraries lib", `HSET libraries lib ${sha} s0 lib id0 ${sha}`]);
  expect(filter.decide("function", "load", "replace", code)).toBe(`replace FUNCTION LOAD REPLACE ${code}`);
  expect(filter.decide("FUNCTION", "LOAD", "REPLACE", "FLUSH")).toBe("replace FUNCTION LOAD REPLACE FLUSH");
  expect(filter.decide("FUNCTION", "DELETE", "lib")).toBe("replace FUNCTION DELETE lib");
  expect(filter.beside()).toEqual(["HDEL libraries lib lib id0"]);
  const among = new FilterForTest({ alone: false });
  expect(among.decide("FUNCTION", "DELETE", "lib")).toBe("skip FUNCTION_DELETE");
  expect(among.filter.alert).toBe(true);
  // The destination keeps it, and the shard has it no more.
  expect(among.beside()).toEqual(["HDEL libraries lib id0"]);
});

test("FUNCTION FLUSH of a shard alone removes what the shard has brought, and nothing else", () => {
  const filter = new FilterForTest();
  filter.decide("FUNCTION", "LOAD", "#!lua name=one\nreturn 1");
  filter.decide("FUNCTION", "LOAD", "#!lua name=two\nreturn 1");
  filter.decide("FUNCTION", "DELETE", "one");
  expect(filter.decide("FUNCTION", "FLUSH", "ASYNC")).toBe("control");
  expect(filter.beside()).toEqual(["FUNCTION DELETE two", "HDEL libraries two two id0"]);
  filter.filter.beside = null;
  expect(filter.decide("FUNCTION", "FLUSH")).toBe("control");
  expect(filter.beside()).toEqual([]);
});

test("FUNCTION RESTORE brings its functions, flushes none and gives way to none", () => {
  const filter = new FilterForTest();
  const restored = "replace FUNCTION RESTORE payload REPLACE";
  for (const policy of [[], ["APPEND"], ["REPLACE"], ["flush"]]) {
    expect(filter.decide("FUNCTION", "RESTORE", "payload", ...policy)).toBe(restored);
  }
});

test("EVALSHA becomes EVAL once the body has been seen, in whatever database", () => {
  const filter = new FilterForTest({ map: mapped, db: 1 });
  const sha = createHash("sha1").update("return 1").digest("hex");
  filter.decide("SELECT", "0");
  expect(filter.decide("EVALSHA", sha, "1", "k")).toBe("skip NOSCRIPT");
  expect(filter.filter.beside).toMatchObject({
    fetch: [{ db: 0, key: Buffer.from("k") }],
    script: `unknown ${sha}`,
  });
  filter.decide("SELECT", "1");
  expect(filter.decide("EVAL", "return 1", "0")).toBe("skip DB_NOT_SELECTED");
  expect(filter.beside()).toEqual([`HSET store ${sha} return 1`]);
  expect(filter.decide("EVALSHA", sha, "0")).toBe("skip DB_NOT_SELECTED");
  filter.decide("SELECT", "3");
  expect(filter.decide("evalsha", sha.toUpperCase(), "1", "k", "a")).toBe(
    `replace EVAL prelude return 1 1 k a 1700000000000 1700000000000 0 0 1 0 3 5 ${sha}`,
  );
  expect(filter.beside()).toEqual([]);
  expect(filter.decide("EVAL", "#!lua\nreturn 1", "0")).toBe("forward");
  expect(filter.decide("FCALL", "f", "1", "k")).toBe("forward");
});

test("PUBLISH goes on from any database, what Sentinels tell each other does not", () => {
  const filter = new FilterForTest({ map: mapped, db: 1 });
  expect(filter.decide("PUBLISH", "channel", "message")).toBe("forward");
  expect(filter.decide("SPUBLISH", "channel", "message")).toBe("forward");
  expect(filter.decide("publish", "__sentinel__:hello", "127.0.0.1,26379")).toBe("control");
  expect(filter.decide("PUBLISH", "__sentinel__:hello", "127.0.0.1,26379")).toBe("control");
});

test("messages are left out where the task says so, without an alert", () => {
  const filter = new FilterForTest({ publish: "skip" });
  expect(filter.decide("PUBLISH", "channel", "message")).toBe("skip PUBLISH_OFF");
  expect(filter.decide("spublish", "channel", "message")).toBe("skip PUBLISH_OFF");
  expect(filter.filter.alert).toBe(false);
  expect(filter.decide("PUBLISH", "__sentinel__:hello", "127.0.0.1,26379")).toBe("control");
});

test("a provider's marker is skipped", () => {
  expect(new FilterForTest().decide("opinfo", "1")).toBe("skip VENDOR_COMMAND");
});

test("the heartbeat is taken out in each form, with its time", () => {
  const filter = new FilterForTest({ map: mapped, db: 1 });
  const at = "1700000000123";
  for (const form of [
    ["SETEX", HEARTBEAT_KEY, "30", at],
    ["setex", HEARTBEAT_KEY, "30", at],
    ["PSETEX", HEARTBEAT_KEY, "30000", at],
    ["SET", HEARTBEAT_KEY, at, "PXAT", "1700000030000"],
    ["SET", HEARTBEAT_KEY, at, "PX", "30000"],
    ["SET", HEARTBEAT_KEY, at],
  ]) {
    filter.filter.heartbeatAt = 0;
    expect(filter.decide(...form)).toBe("heartbeat");
    expect(filter.filter.heartbeatAt).toBe(Number(at));
  }
  for (const form of [
    ["DEL", HEARTBEAT_KEY],
    ["UNLINK", HEARTBEAT_KEY],
    ["PEXPIREAT", HEARTBEAT_KEY, at],
    ["SETEX", HEARTBEAT_KEY, "30", "somebody else's value"],
    ["SETEX", HEARTBEAT_KEY, "30", ""],
  ]) {
    expect(filter.decide(...form)).toBe("heartbeat");
    expect(filter.filter.heartbeatAt).toBe(-1);
  }
  filter.decide("SELECT", "0");
  expect(filter.decide("SET", `${HEARTBEAT_KEY}2`, at)).toBe("forward");
  expect(filter.decide("SET", HEARTBEAT_KEY.toLowerCase(), at)).toBe("forward");
  expect(filter.decide("SET", "key", HEARTBEAT_KEY)).toBe("forward");
});

test("MOVE goes to the mapped database, and is a deletion where that is not synchronized", () => {
  const filter = new FilterForTest({ map: mapped });
  expect(filter.decide("MOVE", "key", "3")).toBe("replace MOVE key 5");
  expect(filter.decide("move", "key", "1")).toBe("replace DEL key");
  filter.decide("SELECT", "3");
  expect(filter.decide("MOVE", "key", "0")).toBe("replace MOVE key 0");
  expect(new FilterForTest().decide("MOVE", "key", "9")).toBe("replace MOVE key 9");
});

test("COPY goes to the mapped database, and is skipped where that is not synchronized", () => {
  const filter = new FilterForTest({ map: mapped });
  expect(filter.decide("COPY", "a", "b")).toBe("forward");
  expect(filter.decide("COPY", "a", "b", "REPLACE")).toBe("forward");
  expect(filter.decide("COPY", "a", "b", "DB", "3")).toBe("replace COPY a b DB 5");
  expect(filter.decide("copy", "DB", "DB", "replace", "db", "3")).toBe("replace copy DB DB replace db 5");
  expect(filter.decide("COPY", "a", "b", "DB", "1")).toBe("skip DB_NOT_SELECTED");
  expect(filter.filter.reason).toContain("database 1");
});

test("what MOVE and COPY bring from a database that is not synchronized is fetched from the source", () => {
  const filter = new FilterForTest({ map: mapped, db: 1 });
  expect(filter.decide("MOVE", "key", "2")).toBe("skip DB_NOT_SELECTED");
  expect(filter.decide("COPY", "a", "b")).toBe("skip DB_NOT_SELECTED");
  expect(filter.decide("COPY", "a", "b", "DB", "2")).toBe("skip DB_NOT_SELECTED");
  expect(filter.fetched()).toEqual([]);
  expect(filter.decide("MOVE", "key", "3")).toBe("control");
  expect(filter.fetched()).toEqual(["3 key"]);
  expect(filter.decide("copy", "a", "b", "replace", "db", "0")).toBe("control");
  expect(filter.fetched()).toEqual(["0 b"]);
});
