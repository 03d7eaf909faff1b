import { expect, test } from "vitest";
import { CommandScanner } from "../../../server/redis/command-scanner.ts";
import { encodeCommand } from "../../../server/redis/encode-command.ts";
import { CommandNames } from "../../../server/sync/commands/command-names.ts";
import type { DestinationLink } from "../../../server/sync/destination/destination-link.ts";
import { StreamLedger } from "../../../server/sync/ledger/stream-ledger.ts";
import { StreamBatch } from "../../../server/sync/stream/stream-batch.ts";
import { StreamRefusals } from "../../../server/sync/stream/stream-refusals.ts";
import { FilterForTest } from "../harness/filter-for-test.ts";

/** A batch of one command of the source, and what was sent for it. */
function sent(command: string, instead: string) {
  const ledger = new StreamLedger(
    () => 0,
    () => {},
  );
  const scanner = new CommandScanner("shard test");
  const { filter } = new FilterForTest();
  const refusals = new StreamRefusals(ledger, filter, scanner);
  const bytes = encodeCommand(command.split(" "));
  scanner.scan(bytes, 0, bytes.length);
  const name = new CommandNames().lookup(bytes, scanner.starts[0]!, scanner.ends[0]!);
  const batch = new StreamBatch(0);
  batch.queue(name, 0, 3);
  const args = instead.split(" ").map((word) => Buffer.from(word));
  const link = { argumentsOf: () => args } as unknown as DestinationLink;
  filter.decide(bytes, scanner);
  const replacement = instead === command ? null : encodeCommand(args);
  const refused = () => refusals.refused(bytes, 5n, replacement);
  return { ledger, refusals, batch, link, refused };
}

test("the keys of a command that was missed are those of what was sent in its place", () => {
  for (const [command, instead, keys] of [
    ["LMOVE a b LEFT LEFT", "EVAL script 2 a b LPOP LPUSH", ["a", "b"]],
    ["LPOP a 2", "ltrim a 2 -1", ["a"]],
    ["XGROUP CREATECONSUMER x g c", "XREADGROUP GROUP g c COUNT 1 STREAMS x 0", ["x"]],
  ] as const) {
    const { ledger, refusals, batch, link } = sent(command, instead);
    batch.rejections.set(0, "NOPERM no permission");
    expect(refusals.missedWithin(batch, link, "destination")).toBe(null);
    expect(ledger.doubtful.take().map(String)).toEqual(keys.map((key) => `copy 3:${key}`));
    expect(batch.rejections.size).toBe(0);
  }
});

test("a command that was found to be unknown is left out, whatever the answer shows of its name", () => {
  const long = "x".repeat(150);
  for (const [command, instead, shown] of [
    [`${long} k`, `${long} k`, long.slice(0, 128)],
    ["it's k", "it's k", "it's"],
    ["\x01a,b k", "\x01a,b k", "?a,b"],
    ["LMOVE a b LEFT LEFT", "EVAL script 2 a b LPOP LPUSH", "EVAL"],
  ] as const) {
    const { refusals, batch, link, refused } = sent(command, instead);
    batch.refusals.set(0, `ERR unknown command '${shown}', with args beginning with: 'k' `);
    expect(refused()).toBe(false);
    expect(refusals.learn(batch, link, () => 5n)).toBe(true);
    expect([command, refused()]).toEqual([command, true]);
  }
});
