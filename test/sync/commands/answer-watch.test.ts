import { expect, test } from "vitest";
import { CommandScanner } from "../../../server/redis/command-scanner.ts";
import { encodeCommand } from "../../../server/redis/encode-command.ts";
import { ReplyScanner } from "../../../server/redis/reply-scanner.ts";
import { type Answer, answerWatch } from "../../../server/sync/commands/answer-watch.ts";
import { CommandNames } from "../../../server/sync/commands/command-names.ts";
import type { DestinationLink } from "../../../server/sync/destination/destination-link.ts";
import { DoubtfulKeys } from "../../../server/sync/doubtful/doubtful-keys.ts";
import { expiryWatchers } from "../../../server/sync/doubtful/expiry-watchers.ts";
import { BatchPipeline } from "../../../server/sync/stream/batch-pipeline.ts";

/** A link that takes everything and sends nothing. */
function deafLink(): DestinationLink {
  const link = { guard: null, commands: 0, room: 0, append: () => {}, flush: () => {}, fail: () => {} };
  return link as unknown as DestinationLink;
}

/** Sends `count` watched commands in one transaction, of which the destination answers with `replies`. */
function answersTo(count: number, replies: string): (Answer | "unanswered")[] {
  const told: (Answer | "unanswered")[] = [];
  const pipeline = new BatchPipeline(deafLink(), {
    address: "test",
    checkpointDb: 0,
    onApplied: (batch) => {
      for (const answer of batch.answers.values()) answer.watch.answered(answer);
    },
    onAborted: () => {},
  });
  for (let n = 0; n < count; n++) {
    const watch = answerWatch({
      wantsText: true,
      answered: ({ empty, error, text, missing }) => {
        told.push({ empty, error, text, missing });
        return false;
      },
      unanswered: () => void told.push("unanswered"),
    });
    pipeline.forward(Buffer.from("x"), 0, 1, false, { name: null, position: 0, db: 0, target: 0, watch });
  }
  pipeline.close(pipeline.begin(), Buffer.from("checkpoint"));
  new ReplyScanner(pipeline.answers).feed(Buffer.from(`+OK\r\n${"+QUEUED\r\n".repeat(count + 1)}${replies}`));
  pipeline.abandon();
  return told;
}

test("tells each watched command its own answer once the transaction is applied", () => {
  const replies = ":1\r\n:0\r\n$-1\r\n-ERR no such key\r\n*3\r\n:1\r\n:-2\r\n:-2\r\n*-1\r\n$3\r\nabc\r\n";
  const plain = { error: null, missing: 0 };
  expect(answersTo(7, `*8\r\n${replies}:0\r\n`)).toEqual([
    { ...plain, empty: false, text: "1" },
    { ...plain, empty: true, text: "0" },
    { ...plain, empty: true, text: "(nil)" },
    { empty: false, error: "ERR no such key", text: "", missing: 0 },
    { empty: false, error: null, text: "(array of 3)", missing: 2 },
    { ...plain, empty: true, text: "(nil)" },
    { ...plain, empty: false, text: "abc" },
  ]);
});

test("a transaction that is not answered whole is told as unanswered, one that was discarded not at all", () => {
  expect(answersTo(2, "*3\r\n:1\r\n")).toEqual(["unanswered", "unanswered"]);
  expect(answersTo(2, "-EXECABORT Transaction discarded\r\n")).toEqual([]);
});

/** The keys that an answer to the command makes doubtful. */
function doubts(args: readonly string[], answer: Partial<Answer>, live = true): string[] {
  const doubtful = new DoubtfulKeys(() => 1_700_000_000_000);
  const bytes = encodeCommand(args);
  const scanner = new CommandScanner("test");
  scanner.scan(bytes, 0, bytes.length);
  const name = new CommandNames().lookup(bytes, scanner.starts[0]!, scanner.ends[0]!);
  if (name.watch === "none") throw new Error("it is not watched");
  const whole = { empty: false, error: null, text: "1", missing: 0, ...answer };
  const watcher = expiryWatchers(doubtful, { kind: "all" })[name.watch]!;
  const asked: string[] = [];
  const watch = watcher({
    name,
    db: 0,
    offset: 0n,
    bytes,
    scanner,
    behind: !live,
    askFirst: (_, one) => void asked.push(String(one.answered(whole))),
  });
  watch?.answered(whole);
  return doubtful.take().map(String);
}

test.each(["HPEXPIREAT", "HPEXPIRE", "HPERSIST"])(
  "a hash whose field was gone for %s is doubtful",
  (name) => {
    const args = [name, "h", "1800000000000", "FIELDS", "2", "a", "b"];
    expect(doubts(args, { missing: 1 })).toEqual(["copy 0:h"]);
    expect(doubts(args, {})).toEqual([]);
    expect(doubts(args, { empty: true })).toEqual(["copy 0:h"]);
  },
);

test("while the stream is behind nothing is watched", () => {
  expect(doubts(["PERSIST", "k"], { empty: true })).toEqual(["copy 0:k"]);
  expect(doubts(["PERSIST", "k"], { empty: true }, false)).toEqual([]);
});

test("suspicions are let go when there are too many of them", () => {
  let now = 0;
  const doubtful = new DoubtfulKeys(() => now);
  for (let n = 0; n < 10_000; n++) doubtful.suspect(0, Buffer.from(`${n}`));
  expect(doubtful.take()).toHaveLength(2000);
  now = 1000;
  for (let n = 0; n < 10_000; n++) doubtful.suspect(0, Buffer.from(`later ${n}`));
  expect(doubtful.take()).toHaveLength(200);
});

test("what was taken and never noted is taken again on the next connection", () => {
  const doubtful = new DoubtfulKeys(() => 0);
  doubtful.doubt("copy", 0, Buffer.from("a"));
  expect(doubtful.take()).toHaveLength(1);
  doubtful.begin();
  expect(doubtful.take().map(String)).toEqual(["copy 0:a"]);
  doubtful.noted();
  doubtful.begin();
  expect(doubtful.waiting).toBe(false);
});

test("what is built from a key that is still to be copied is to be copied, too", () => {
  const doubtful = new DoubtfulKeys(() => 0);
  const bytes = encodeCommand(["SUNIONSTORE", "to", "a", "b"]);
  const scanner = new CommandScanner("test");
  scanner.scan(bytes, 0, bytes.length);
  const noted = () => {
    doubtful.noteWherePending("SUNIONSTORE", 0, bytes, scanner);
    return doubtful.take().map(String);
  };
  // Until it is known what a former engine has noted, anything may be there.
  expect(noted()).toEqual(["copy 0:to", "copy 0:a", "copy 0:b"]);
  doubtful.noted();
  doubtful.settled();
  expect(noted()).toEqual([]);
  doubtful.doubt("copy", 0, Buffer.from("b"));
  const [member] = doubtful.take();
  expect(noted()).toEqual(["copy 0:to", "copy 0:a"]);
  doubtful.forget([member!, Buffer.from("copy 0:to"), Buffer.from("copy 0:a")]);
  expect(noted()).toEqual([]);
  doubtful.adopt([Buffer.from("decode 0:a")], true);
  expect(noted()).toEqual(["copy 0:to", "copy 0:a", "copy 0:b"]);
});
