import { expect, test } from "vitest";
import { encodeCommand } from "../../../server/redis/encode-command.ts";
import type { BatchPipeline, Forwarded } from "../../../server/sync/stream/batch-pipeline.ts";
import { commandForwarderForTest } from "../harness/command-forwarder-for-test.ts";
import { FilterForTest } from "../harness/filter-for-test.ts";

/** A forwarder, and what it has put into the transaction at hand: each command's bytes, of large ones too. */
function forwarderForTest(options: ConstructorParameters<typeof FilterForTest>[0] = {}) {
  const sent: string[] = [];
  let large: Buffer[] = [];
  const pipeline = {
    executing: false,
    overLimit: false,
    begin: () => ({ onApplied: [] }),
    forward: (bytes: Buffer, start: number, stop: number, _joined: boolean, _what: Forwarded) =>
      void sent.push(bytes.toString("latin1", start, stop)),
    beginLarge: () => {},
    piece: (bytes: Buffer, start: number, end: number, part: { begin: boolean; end: boolean }) => {
      if (part.begin) large = [];
      large.push(Buffer.from(bytes.subarray(start, end)));
      if (part.end) sent.push(Buffer.concat(large).toString("latin1"));
    },
  } as unknown as BatchPipeline;
  const history = { replid: "before" };
  const stage = commandForwarderForTest(pipeline, new FilterForTest(options), {
    from: 1000n,
    replid: () => history.replid,
  });
  const take = (...args: (string | Buffer)[]) => {
    const bytes = encodeCommand(args);
    stage.take(bytes);
    return bytes.length;
  };
  return { sent, forwarder: stage.forwarder, take, history, ledger: stage.ledger };
}

/** What a shard has said of a key at this offset, to be applied there. */
function dumped(offset: bigint, told: string[]) {
  return {
    offset,
    replid: "before",
    commands: [{ bytes: encodeCommand(["DEL", "dumped"]), target: 0 }],
    onPlaced: () => void told.push("placed"),
    onApplied: () => {},
    onDropped: () => void told.push("dropped"),
  };
}

test("applies what was dumped at exactly the offset at which it was dumped, outside of a transaction", () => {
  const { sent, forwarder, take } = forwarderForTest();
  const told: string[] = [];
  const length = take("SET", "a", "1");
  const multi = encodeCommand(["MULTI"]).length + encodeCommand(["EXEC"]).length;
  forwarder.inject(dumped(1000n + BigInt(2 * length + multi), told));
  take("MULTI");
  take("SET", "b", "2");
  forwarder.injectDue();
  take("EXEC");
  expect(told).toEqual([]);
  take("SET", "c", "3");
  expect(told).toEqual(["placed"]);
  const keys = sent.map((command) => command.split("\r\n")[4]);
  expect(keys).toEqual(["a", "b", "dumped", "c"]);
});

test("applies what an old master has said within its own transaction at the end of that", () => {
  const { sent, forwarder, take } = forwarderForTest();
  const told: string[] = [];
  const length = take("SET", "a", "1");
  forwarder.inject(dumped(1000n + BigInt(length + encodeCommand(["MULTI"]).length), told));
  forwarder.injectDue();
  take("MULTI");
  take("DEL", "expired");
  forwarder.injectDue();
  take("EXEC");
  expect(told).toEqual([]);
  forwarder.injectDue();
  expect(told).toEqual(["placed"]);
  take("SET", "c", "3");
  expect(told).toEqual(["placed"]);
  const keys = sent.map((command) => command.split("\r\n")[4]);
  expect(keys).toEqual(["a", "expired", "dumped", "c"]);
});

test("drops what a master said that has lost its place to another, whose stream passes the same offset", () => {
  const { sent, forwarder, take, history } = forwarderForTest();
  const told: string[] = [];
  const length = take("SET", "a", "1");
  forwarder.inject(dumped(1000n + BigInt(2 * length), told));
  history.replid = "after";
  take("SET", "b", "2");
  expect(told).toEqual(["dropped"]);
  take("SET", "c", "3");
  expect(sent.join("")).not.toContain("dumped");
});

test("drops what belongs before the place at hand", () => {
  const { sent, forwarder, take } = forwarderForTest();
  const told: string[] = [];
  take("SET", "a", "1");
  forwarder.inject(dumped(1001n, told));
  forwarder.injectDue();
  expect(told).toEqual(["dropped"]);
  expect(sent).toHaveLength(1);
});
