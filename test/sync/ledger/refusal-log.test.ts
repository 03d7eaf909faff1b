import { expect, test } from "vitest";
import { commandSample } from "../../../server/sync/commands/command-sample.ts";
import { rejectionCode, stateErrorOf } from "../../../server/sync/destination/destination-answer.ts";
import { RefusalLog } from "../../../server/sync/ledger/refusal-log.ts";

test("gathers by command, database and reason, with the first and last time and three samples", () => {
  let now = 1000;
  const log = new RefusalLog(() => now);
  for (let n = 1; n <= 5; n++) {
    log.add("rejected", "LPUSH", 0, "WRONGTYPE", "WRONGTYPE Operation", () => `LPUSH key ${n}`);
    now += 10;
  }
  log.add("rejected", "LPUSH", 3, "WRONGTYPE", "WRONGTYPE Operation", () => "in db 3");
  log.add("skipped", "FLUSHALL", 0, "FLUSHALL", "it would", () => "FLUSHALL");
  expect(log).toMatchObject({ rejected: 6, skipped: 1 });
  expect(log.take()).toEqual([
    {
      kind: "rejected",
      command: "LPUSH",
      db: 0,
      reasonCode: "WRONGTYPE",
      reason: "WRONGTYPE Operation",
      count: 5,
      firstAt: 1000,
      lastAt: 1040,
      samples: ["LPUSH key 1", "LPUSH key 2", "LPUSH key 3"],
    },
    expect.objectContaining({ db: 3, count: 1, samples: ["in db 3"] }),
    expect.objectContaining({ kind: "skipped", command: "FLUSHALL", count: 1 }),
  ]);
});

test("what was taken is not given again, and its samples are not asked for again", () => {
  const log = new RefusalLog(() => 1);
  const add = () => log.add("skipped", "FLUSHDB", 0, "FLUSHDB", "", () => "FLUSHDB");
  for (let n = 0; n < 4; n++) add();
  log.take();
  expect(log.take()).toEqual([]);
  add();
  expect(log.take()).toEqual([expect.objectContaining({ count: 1, samples: [] })]);
  expect(log.skipped).toBe(5);
});

test("any number of different commands takes bounded memory, and all are counted", () => {
  const log = new RefusalLog(() => 1);
  for (let n = 0; n < 5_000; n++) log.add("rejected", `COMMAND${n}`, 0, "ERR", "", () => "");
  expect(log.rejected).toBe(5_000);
  const records = log.take();
  expect(records.length).toBeLessThanOrEqual(1_000);
  expect(records.reduce((sum, { count }) => sum + count, 0)).toBe(5_000);
  // Nor are there more of them the next time.
  log.add("rejected", "COMMAND5000", 0, "ERR", "", () => "");
  expect(log.take()).toMatchObject([{ command: "(other commands)", count: 1 }]);
});

test("a sample shows eight arguments, each cut to 64 characters, and unprintable bytes as \\xNN", () => {
  const args = ["SET", "key", "x".repeat(100), "\n\x00\\\xff", ""].map((arg) => Buffer.from(arg, "latin1"));
  expect(commandSample(args, 5)).toBe(`SET key ${"x".repeat(64)}… \\x0a\\x00\\x5c\\xff ""`);
  const many = Array.from({ length: 20 }, (_, n) => Buffer.from(String(n)));
  expect(commandSample(many, 500)).toBe("0 1 2 3 4 5 6 7 … 492 more");
  const [, cut = ""] = commandSample([Buffer.from("SET"), Buffer.alloc(1_000, 0)], 2).split(" ");
  expect(cut.length).toBeLessThanOrEqual(65);
});

test.each([
  ["OOM command not allowed when used memory > 'maxmemory'.", "DESTINATION_FULL"],
  ["READONLY You can't write against a read only replica.", "DESTINATION_READONLY"],
  ["NOPERM this user has no permissions to run the 'set' command", "DESTINATION_DENIED"],
  ["NOAUTH Authentication required.", "DESTINATION_DENIED"],
  ["LOADING Redis is loading the dataset in memory", "SERVER_LOADING"],
  ["BUSY Redis is busy running a script.", "DESTINATION_BUSY"],
  ["MASTERDOWN Link with MASTER is down", "DESTINATION_BUSY"],
  ["MISCONF Redis is configured to save RDB snapshots", "DESTINATION_BUSY"],
  ["NOREPLICAS Not enough good replicas to write.", "DESTINATION_BUSY"],
  ["CLUSTERDOWN Hash slot not served", "DESTINATION_BUSY"],
  ["MOVED 3999 127.0.0.1:6381", "DESTINATION_UNSUPPORTED"],
  [
    "EXECABORT Transaction discarded because of: READONLY You can't write against a read only replica.",
    "DESTINATION_READONLY",
  ],
])("%s is a state to wait for", (text, code) => {
  expect(stateErrorOf(text, "127.0.0.1:6379", "SET")?.code).toBe(code);
});

test.each([
  ["WRONGTYPE Operation against a key holding the wrong kind of value", "WRONGTYPE"],
  ["ERR unknown command 'FOO', with args beginning with: ", "UNKNOWN_COMMAND"],
  ["ERR unknown subcommand 'FOO'. Try FUNCTION HELP.", "UNKNOWN_COMMAND"],
  ["ERR wrong number of arguments for 'set' command", "WRONG_ARITY"],
  ["ERR no such key", "NO_SUCH_KEY"],
  ["NOSCRIPT No matching script. Please use EVAL.", "NOSCRIPT"],
  ["BUSYKEY Target key name already exists.", "BUSYKEY"],
  ["BUSYGROUP Consumer Group name already exists", "BUSYGROUP"],
  ["ERR syntax error", "ERR"],
  ["EXECABORT Transaction discarded because of previous errors.", "EXECABORT"],
])("%s is a refusal of the command: %s", (text, code) => {
  expect(stateErrorOf(text, "127.0.0.1:6379", "SET")).toBeNull();
  expect(rejectionCode(text)).toBe(code);
});
