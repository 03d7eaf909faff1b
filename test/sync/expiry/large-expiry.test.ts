import { expect, test } from "vitest";
import { CommandScanner } from "../../../server/redis/command-scanner.ts";
import { encodeCommand } from "../../../server/redis/encode-command.ts";
import { HeldBackExpiries } from "../../../server/sync/expiry/held-back-expiries.ts";
import { LargeExpiry } from "../../../server/sync/expiry/large-expiry.ts";
import { LazyExpiryTrigger } from "../../../server/sync/expiry/lazy-expiry-trigger.ts";
import { StreamClock } from "../../../server/sync/expiry/stream-clock.ts";

const NOW = 1_700_000_000_000;
const value = "v".repeat(5000);

/** What follows a command that is told in pieces of `size` bytes, once its first 1000 are known. */
function follows(args: readonly string[], size: number): string | null {
  const clock = new StreamClock(() => NOW);
  clock.setHeartbeats(false);
  clock.startsAt(NOW);
  const heldBack = new HeldBackExpiries(0, clock, new LazyExpiryTrigger(() => NOW), () => NOW);
  const large = new LargeExpiry(heldBack, clock);
  const bytes = encodeCommand(args);
  const scanner = new CommandScanner("test");
  expect(scanner.scan(bytes, 0, 1000)).toBe(-1);
  large.begin(args[0]!, bytes, scanner);
  for (let at = 0; at < bytes.length; at += size) large.piece(bytes, at, Math.min(bytes.length, at + size));
  return large.end(0, 0)?.toString("latin1") ?? null;
}

const far = NOW + 10_000_000;
const heldBack = (at: number) => String(at + 2 ** 52);

test.each<[string, string[], string | null]>([
  ["a relative SET", ["SET", "k", value, "PX", "10000000"], String(far)],
  ["a relative SET in seconds", ["SET", "k", value, "XX", "ex", "10000"], String(far)],
  ["SETEX", ["SETEX", "k", "10000", value], String(far)],
  ["PSETEX", ["PSETEX", "k", "10000000", value], String(far)],
  ["RESTORE", ["RESTORE", "k", "10000000", value, "REPLACE"], String(far)],
  ["a near expiry", ["SET", "k", value, "PXAT", String(NOW + 100)], heldBack(NOW + 100)],
  ["a near expiry of RESTORE", ["RESTORE", "k", String(NOW + 100), value, "ABSTTL"], heldBack(NOW + 100)],
  ["a far expiry", ["SET", "k", value, "PXAT", String(far)], null],
  ["a far expiry of RESTORE", ["RESTORE", "k", String(far), value, "REPLACE", "ABSTTL"], null],
  ["no expiry", ["SET", "k", value], null],
  ["no expiry but options", ["SET", "k", value, "KEEPTTL", "GET"], null],
  ["RESTORE without expiry", ["RESTORE", "k", "0", value], null],
  ["a value that looks like options", ["SET", "k", `${value}\r\n$2\r\nPX\r\n$3\r\n100`], null],
  ["another command", ["APPEND", "k", value], null],
])("%s of a large value is followed by the expiry that it needs", (_, args, expireAt) => {
  const expected = expireAt === null ? null : encodeCommand(["PEXPIREAT", "k", expireAt]).toString("latin1");
  for (const size of [1, 7, 600, 4096, 100_000])
    expect(follows(args, size), `pieces of ${size}`).toBe(expected);
});
