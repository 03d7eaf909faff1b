import { expect, test } from "vitest";
import { encodeCommand } from "../../../server/redis/encode-command.ts";
import { ReplyScanner } from "../../../server/redis/reply-scanner.ts";
import type { DestinationLink } from "../../../server/sync/destination/destination-link.ts";
import { BatchPipeline } from "../../../server/sync/stream/batch-pipeline.ts";

/** A pipeline whose link keeps what is sent, as the names of commands, and whose destination is the test. */
function pipelineForTest(options: { guard?: boolean; maxQueuedBytes?: number } = {}) {
  const sent: string[] = [];
  const ended: string[] = [];
  const failures: string[] = [];
  const link = {
    guard: options.guard
      ? { token: "ours", commands: [encodeCommand(["WATCH"]), encodeCommand(["GET"])] }
      : null,
    commands: 0,
    room: 0,
    append: (bytes: Uint8Array, start: number, stop: number) => {
      sent.push(
        ...Buffer.from(bytes.subarray(start, stop))
          .toString("latin1")
          .match(/[A-Z]+/g)!,
      );
    },
    flush: () => {},
    fail: (why: string) => void failures.push(why),
  } as unknown as DestinationLink;
  const pipeline = new BatchPipeline(link, {
    address: "h:1",
    checkpointDb: 0,
    ...(options.maxQueuedBytes === undefined ? {} : { maxQueuedBytes: options.maxQueuedBytes }),
    onApplied: () => void ended.push("applied"),
    onAborted: (_, answer) => void ended.push(answer),
  });
  const replies = new ReplyScanner(pipeline.answers);
  const add = (name: string, joined = false) => {
    const bytes = encodeCommand([name]);
    pipeline.forward(bytes, 0, bytes.length, joined, {
      name: null,
      position: 0,
      db: 0,
      target: 0,
      watch: null,
    });
  };
  const close = () => {
    const batch = pipeline.closable;
    if (batch !== null) pipeline.close(batch, encodeCommand(["HSET"]));
    return batch !== null;
  };
  const answer = (text: string) => replies.feed(Buffer.from(text));
  return { pipeline, sent, ended, failures, add, close, answer };
}

const QUEUED = "+OK\r\n+QUEUED\r\n+QUEUED\r\n";

test("the next transaction is queued behind one that is executing, but its EXEC waits for the answer", () => {
  const { sent, ended, add, close, answer } = pipelineForTest();
  add("INCR");
  expect(close()).toBe(true);
  add("APPEND");
  expect(close()).toBe(false);
  expect(sent).toEqual(["MULTI", "INCR", "HSET", "EXEC", "MULTI", "APPEND"]);
  answer(`${QUEUED}*2\r\n:1\r\n:0\r\n`);
  expect(ended).toEqual(["applied"]);
  expect(close()).toBe(true);
  expect(sent.slice(6)).toEqual(["HSET", "EXEC"]);
});

test("a transaction that was discarded is told with EXEC's answer", () => {
  const { ended, add, close, answer } = pipelineForTest();
  add("NONE");
  close();
  answer("+OK\r\n-ERR unknown command\r\n+QUEUED\r\n-EXECABORT discarded\r\n");
  expect(ended).toEqual(["EXECABORT discarded"]);
});

test("where the link has a guard, EXEC waits for its answers, too", () => {
  const { sent, failures, add, close, answer } = pipelineForTest({ guard: true });
  add("INCR");
  expect(close()).toBe(false);
  answer("+OK\r\n");
  expect(close()).toBe(false);
  answer("$4\r\nours\r\n");
  expect(close()).toBe(true);
  expect(sent).toEqual(["WATCH", "GET", "MULTI", "INCR", "HSET", "EXEC"]);
  expect(failures).toEqual([]);
});

test("a guard that another writer holds ends the link", () => {
  const { failures, add, answer } = pipelineForTest({ guard: true });
  add("INCR");
  answer("+OK\r\n$6\r\ntheirs\r\n");
  expect(failures.length).toBe(1);
});

test("an EXEC whose answer has another number of items ends the link", () => {
  const { ended, failures, add, close, answer } = pipelineForTest();
  add("INCR");
  close();
  answer(`${QUEUED}*1\r\n:1\r\n`);
  expect(ended).toEqual([]);
  expect(failures).toEqual(["EXEC was answered with another number of items than were queued"]);
});

test("an answer for which nothing was sent ends the link", () => {
  const { failures, answer } = pipelineForTest();
  answer("+OK\r\n");
  expect(failures).toEqual(["a reply came for which nothing was sent"]);
});

test("a command that was run since MULTI was refused before it fails the pipeline", () => {
  const { pipeline, add, answer } = pipelineForTest();
  add("INCR");
  answer("-ERR MULTI is not permitted\r\n:1\r\n");
  expect(pipeline.failure?.message).toContain("MULTI");
});

test("neighboring commands are sent before what does not lie beside them, in their order", () => {
  const { pipeline, sent, add } = pipelineForTest();
  add("INCR", true);
  expect(sent).toEqual(["MULTI"]);
  add("APPEND");
  add("DECR", true);
  pipeline.endRun();
  expect(sent).toEqual(["MULTI", "INCR", "APPEND", "DECR"]);
});

test("a transaction larger than the destination takes fails the pipeline", () => {
  const { pipeline, add } = pipelineForTest({ maxQueuedBytes: 20 });
  add("INCR");
  expect(pipeline.failure).toBeNull();
  add("INCR");
  expect(pipeline.failure).not.toBeNull();
});
