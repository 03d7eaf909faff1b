import { expect, test } from "vitest";
import { encodeCommand } from "../../../server/redis/encode-command.ts";
import {
  type AnswerWatch,
  type AnswerWatchers,
  answerWatch,
} from "../../../server/sync/commands/answer-watch.ts";
import type { BatchPipeline, Forwarded } from "../../../server/sync/stream/batch-pipeline.ts";
import { commandForwarderForTest } from "../harness/command-forwarder-for-test.ts";
import { FilterForTest } from "../harness/filter-for-test.ts";

type Server = NonNullable<ConstructorParameters<typeof FilterForTest>[0]>;

/** More than is held of one command. */
const value = Buffer.alloc(1_200_000, "v");

/** What becomes of a large command; `#` stands for the large value. */
function taken(command: string, server: Server, watchers: AnswerWatchers = {}) {
  const large = { forwarded: false, watch: null as AnswerWatch | null };
  const pipeline = {
    overLimit: false,
    forward: () => {},
    beginLarge: ({ watch }: Forwarded) => Object.assign(large, { forwarded: true, watch }),
    piece: () => {},
  } as unknown as BatchPipeline;
  const filter = new FilterForTest(server).live();
  const { forwarder, take, ledger, events } = commandForwarderForTest(pipeline, filter, { watchers });
  forwarder.lookAtClock();
  take(encodeCommand(command.split(" ").map((word) => (word === "#" ? value : word))));
  const copied = () => ledger.doubtful.take().map((member) => member.toString().replace(/^copy 0:/, ""));
  const skipped = ledger.refusals.take().map(({ reasonCode }) => reasonCode);
  return { ...large, copied, skipped, alerts: () => events.map(({ type }) => type) };
}

const nothing = { empty: false, error: null, text: "", missing: 0 };
const zero = { ...nothing, empty: true };
const refused = { ...nothing, error: "ERR syntax error" };

test("what a destination does not know, as its options say, is copied", () => {
  const rows: readonly (readonly [string, Server])[] = [
    ["XADD k IDMP p i 1-1 f #", { version: "8.6.0" }],
    ["XADD k KEEPREF 1-1 f #", { version: "7.0.0" }],
    ["XADD k NOMKSTREAM 1-1 f #", { version: "6.0.0" }],
    ["ZADD k GT 1 #", { version: "6.0.0" }],
    ["GEOADD k NX 1 2 #", { version: "6.0.0" }],
    ["HSETEX k FXX FIELDS 1 f #", { version: "8.0.0" }],
    ["HSETEX k FIELDS 1 f #", { version: "7.4.0" }],
    ["HGETDEL k FIELDS 1 #", { version: "7.4.0" }],
    ["HSETEX k FIELDS 1 f #", { version: "7.0.0" }],
    ["RESTORE k 0 # REPLACE", { version: "2.8.0" }],
    ["MSETEX 1 k # NX", { version: "8.0.0" }],
  ];
  for (const [command, server] of rows) {
    const { forwarded, copied, skipped } = taken(command, server);
    expect([command, forwarded, copied(), skipped]).toEqual([command, false, ["k"], []]);
  }
});

test("what a destination may refuse, as only the end of the command says, goes and is copied", () => {
  const rows: readonly (readonly [string, string, boolean])[] = [
    ["SET k # PXAT 5000000000000", "6.0.0", true],
    ["SET k # KEEPTTL", "5.0.0", true],
    ["RESTORE k 5000000000000 # ABSTTL", "4.0.0", true],
    ["SET k #", "2.8.0", false],
    ["SETEX k 100 #", "2.8.0", false],
    ["RESTORE k 100 #", "2.8.0", false],
    ["SET k # PXAT 5000000000000", "6.2.0", false],
    ["RESTORE k 5000000000000 # ABSTTL", "5.0.0", false],
  ];
  for (const [command, version, isCopied] of rows) {
    const { forwarded, copied } = taken(command, { version });
    expect([command, forwarded, copied()]).toEqual([command, true, isCopied ? ["k"] : []]);
  }
});

test("a large command that did not do what it did on the source is copied, and so is one without an answer", () => {
  for (const command of ["SET k # XX", "XADD k NOMKSTREAM 1-1 f #", "HSETEX k FIELDS 1 f #"]) {
    const { watch, copied } = taken(command, { version: "8.0.0" });
    expect(watch!.answered(nothing)).toBe(false);
    expect(copied()).toEqual([]);
    expect(watch!.answered(zero)).toBe(true);
    expect(copied()).toEqual(["k"]);
  }
  for (const command of ["ZADD k GT CH 1 #", "GEOADD k 1 2 #"]) {
    const { watch, copied } = taken(command, { version: "8.0.0" });
    expect(watch!.answered(zero)).toBe(false);
    expect(copied()).toEqual([]);
    expect(watch!.answered(refused)).toBe(true);
    expect(copied()).toEqual(["k"]);
  }
  const { watch, copied } = taken("SET k # PXAT 5000000000000", { version: "8.0.0" });
  watch!.unanswered();
  expect(copied()).toEqual(["k"]);
  expect(taken("SET k #", { version: "8.0.0" }).watch).toBe(null);
});

test("who waits for the answer to a large command in any case hears it, too", () => {
  const told: string[] = [];
  const fields = () =>
    answerWatch({
      wantsText: true,
      answered: ({ error }) => {
        told.push(error ?? "answered");
        return false;
      },
      unanswered: () => void told.push("unanswered"),
    });
  const { watch, copied } = taken("HSETEX k FIELDS 1 f #", { version: "8.0.0" }, { fields });
  expect(watch!.wantsText).toBe(true);
  expect(watch!.answered(refused)).toBe(true);
  watch!.unanswered();
  expect(told).toEqual([refused.error, "unanswered"]);
  expect(copied()).toEqual(["k"]);
});

test("a large MSETEX, of which not all keys are known, is said where it is not applied", () => {
  const unknown = taken("MSETEX 3 a 1 b # c 3 XX", { version: "8.0.0" });
  expect([unknown.forwarded, unknown.copied(), unknown.skipped]).toEqual([false, ["a", "b"], ["TOO_LARGE"]]);
  expect(unknown.alerts()).toEqual(["msetex-skipped"]);
  const known = taken("MSETEX 3 a 1 b # c 3 XX", { version: "8.4.0" });
  expect([known.forwarded, known.copied(), known.skipped]).toEqual([true, [], []]);
  expect(known.watch!.answered(nothing)).toBe(false);
  expect(known.alerts()).toEqual([]);
  known.watch!.answered(zero);
  expect(known.copied()).toEqual(["a", "b"]);
  expect(known.alerts()).toEqual(["large-command-missed"]);
  const whole = taken("MSETEX 1 a # XX", { version: "8.4.0" });
  whole.watch!.unanswered();
  expect(whole.copied()).toEqual(["a"]);
  expect(whole.alerts()).toEqual([]);
});
