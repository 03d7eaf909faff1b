import * as fc from "fast-check";
import { expect, test } from "vitest";
import { encodeCommand } from "../../../server/redis/encode-command.ts";
import { heldBackBy } from "../../../server/sync/expiry/held-back-expiries.ts";
import { anyBytes, checkProperty } from "../harness/check-property.ts";
import { argumentsOf, FilterForTest } from "../harness/filter-for-test.ts";

const NOW = new FilterForTest().now;
const HOUR = 3_600_000;
const far = NOW + HOUR;

/** Relative forms of masters up to 6.2, each of an hour, and what they become on a stream that is live. */
const relative: readonly (readonly [string, string])[] = [
  ["EXPIRE key 3600", `PEXPIREAT key ${far}`],
  ["expire key 3600", `PEXPIREAT key ${far}`],
  ["PEXPIRE key 3600000", `PEXPIREAT key ${far}`],
  // What a source propagates it has done: a condition is not judged again.
  ["SET key value NX", "SET key value"],
  ["SET key value xx KEEPTTL", "SET key value KEEPTTL"],
  ["SET key value NX GET", "SET key value"],
  ["SET key value IFEQ EX", "SET key value"],
  ["SET key value IFEQ KEEPTTL EX 3600", `SET key value PXAT ${far}`],
  ["SET key value KEEPTTL GET", "SET key value KEEPTTL"],
  ["EXPIRE key 3600 NX", `PEXPIREAT key ${far}`],
  [`PEXPIREAT key ${far} GT`, `PEXPIREAT key ${far}`],
  ["SETEX key 3600 value", `SET key value PXAT ${far}`],
  ["PSETEX key 3600000 value", `SET key value PXAT ${far}`],
  ["SET key value EX 3600", `SET key value PXAT ${far}`],
  ["SET key value PX 3600000", `SET key value PXAT ${far}`],
  ["SET key value px 3600000 NX", `SET key value PXAT ${far}`],
  ["SET key value XX EX 3600", `SET key value PXAT ${far}`],
  ["SET EX PX EX 3600", `SET EX PX PXAT ${far}`],
  ["GETEX key EX 3600", `PEXPIREAT key ${far}`],
  ["GETEX key PX 3600000", `PEXPIREAT key ${far}`],
  ["RESTORE key 3600000 payload", `RESTORE key ${far} payload ABSTTL`],
  ["RESTORE key 3600000 payload REPLACE", `RESTORE key ${far} payload REPLACE ABSTTL`],
  ["RESTORE key 3600000 payload REPLACE IDLETIME 5", `RESTORE key ${far} payload REPLACE IDLETIME 5 ABSTTL`],
];

test.each(relative)("%s becomes absolute: %s", (command, wanted) => {
  expect(new FilterForTest().live().decide(...command.split(" "))).toBe(`replace ${wanted}`);
});

/** With an expiry that is far enough, and those without one, pass as they are. */
test.each([
  `PEXPIREAT key ${far}`,
  `EXPIREAT key ${Math.floor(far / 1000)}`,
  `SET key value PXAT ${far}`,
  `SET key value EXAT ${Math.floor(far / 1000)}`,
  `GETEX key PXAT ${far}`,
  `RESTORE key ${far} payload REPLACE ABSTTL`,
  "RESTORE key 0 payload REPLACE",
  "RESTORE key 0 payload ABSTTL",
  "SET key value",
  "SET key EX",
  "SET key value KEEPTTL",
  "SET NX XX",
  "SET EXAT PXAT",
  "GETEX key",
  "GETEX key PERSIST",
  "SETEX key ten value",
  "PEXPIREAT key 99999999999999999999",
])("%s passes as it is", (command) => {
  expect(new FilterForTest().live().decide(...command.split(" "))).toBe("forward");
});

test("while the stream is behind, a relative expiry counts from the time at which the source ran it", () => {
  const filter = new FilterForTest();
  filter.clock.startsAt(NOW - 600_000);
  const verdict = filter.decide("EXPIRE", "key", "86400");
  const at = Number(verdict.split(" ")[3]);
  expect(verdict).toMatch(/^replace PEXPIREAT key \d+$/);
  expect(at).toBeGreaterThanOrEqual(NOW - 600_000 + 86_400_000);
  expect(at).toBeLessThan(NOW - 590_000 + 86_400_000);
});

test("an expiry that may come before the stream has caught up is held back by the shard's own distance", () => {
  const soon = NOW + 1000;
  for (const shardIndex of [0, 1, 7]) {
    const filter = new FilterForTest({ shardIndex });
    filter.clock.startsAt(NOW - 600_000);
    const written = soon + heldBackBy(shardIndex);
    expect(filter.decide("PEXPIREAT", "key", String(soon))).toBe(`replace PEXPIREAT key ${written}`);
    expect(filter.decide("SET", "key", "value", "PXAT", String(soon))).toBe(
      `replace SET key value PXAT ${written}`,
    );
    expect(filter.decide("GETEX", "key", "PXAT", String(soon))).toBe(`replace PEXPIREAT key ${written}`);
    expect(filter.decide("RESTORE", "key", String(soon), "payload", "ABSTTL")).toBe(
      `replace RESTORE key ${written} payload ABSTTL`,
    );
    // What is further away than the stream is behind is left alone.
    expect(filter.decide("PEXPIREAT", "key", String(NOW + 700_000))).toBe("forward");
    // Both are named to the restorer, by the list or by the wish for a scan.
    expect(filter.heldBack.takeRecent().length > 0 || filter.heldBack.scanNeeded).toBe(true);
  }
});

test("nothing is held back where the destination permits no script that restores it", () => {
  const filter = new FilterForTest();
  filter.heldBack.enabled = false;
  expect(filter.decide("PEXPIREAT", "key", String(NOW + 1000))).toBe("forward");
});

test("before 6.2 a destination gets PEXPIREAT behind SET, before 5.0 behind RESTORE too", () => {
  const filter = new FilterForTest({ version: "6.0.16" }).live();
  for (const command of ["SETEX key 3600 value", "SET key value EX 3600 NX", `SET key value PXAT ${far}`]) {
    expect(filter.decide(...command.split(" "))).toBe("replace SET key value");
    expect(filter.after()).toBe(`PEXPIREAT key ${far}`);
  }
  expect(filter.decide("SET", "key", "value")).toBe("forward");
  expect(filter.after()).toBe(null);
  expect(filter.decide("SET", "key", "value", "KEEPTTL")).toBe("forward");
  expect(filter.decide("RESTORE", "key", String(far), "payload", "ABSTTL")).toBe("forward");
  const older = new FilterForTest({ version: "4.0.14" }).live();
  for (const options of [
    ["ABSTTL", "REPLACE"],
    ["REPLACE", "ABSTTL", "IDLETIME", "5"],
  ]) {
    expect(older.decide("RESTORE", "key", String(far), "payload", ...options)).toBe(
      "replace RESTORE key 0 payload REPLACE",
    );
    expect(older.after()).toBe(`PEXPIREAT key ${far}`);
  }
  const oldest = new FilterForTest({ version: "2.8.24" }).live();
  expect(oldest.decide("RESTORE", "key", String(far), "payload", "REPLACE", "ABSTTL")).toMatch(
    /^replace EVAL .* 1 key payload$/s,
  );
  expect(oldest.after()).toBe(`PEXPIREAT key ${far}`);
  expect(oldest.decide("RESTORE", "key", "0", "payload", "ABSTTL")).toBe("replace RESTORE key 0 payload");
  expect(older.decide("RESTORE", "key", "0", "payload", "ABSTTL")).toBe("replace RESTORE key 0 payload");
  expect(older.after()).toBe(null);
  expect(older.decide("SET", "key", "value", "KEEPTTL")).toMatch(/^replace EVAL .* 1 key value$/s);
});

test("MSETEX has its expiry held back for each of its keys, and none of its conditions", () => {
  const filter = new FilterForTest({ version: "8.0.0" });
  filter.clock.startsAt(NOW - 600_000);
  const soon = NOW + 1000;
  const written = soon + heldBackBy(0);
  expect(filter.decide("MSETEX", "2", "a", "1", "b", "2", "XX", "PXAT", String(soon))).toMatch(
    new RegExp(`^replace EVAL .* 2 a b 1 2 PXAT ${written}$`, "s"),
  );
  expect(filter.heldBack.takeRecent().map(({ key }) => key.toString())).toEqual(["a", "b"]);
  expect(filter.decide("MSETEX", "1", "a", "1", "NX")).toMatch(/ 1 a 1$/);
  expect(filter.decide("MSETEX", "1", "a", "1", "KEEPTTL")).toMatch(/ 1 a 1 KEEPTTL$/);
  const before60 = new FilterForTest({ version: "5.0.14" });
  expect(before60.decide("MSETEX", "1", "a", "1", "KEEPTTL")).toMatch(/^replace EVAL .* 1 a 1$/s);
  for (const server of [{ version: "8.4.0" }, { version: "9.1.0", flavor: "valkey" }] as const) {
    const other = new FilterForTest(server);
    expect(other.decide("MSETEX", "1", "a", "1", "nx", "KEEPTTL")).toBe("replace MSETEX 1 a 1 KEEPTTL");
  }
});

test("HSETEX goes without its condition, to whatever has it", () => {
  for (const server of [{ version: "8.0.0" }, { version: "9.1.0", flavor: "valkey" }] as const) {
    const filter = new FilterForTest(server);
    for (const condition of ["FNX", "fxx", "nx", "XX"]) {
      expect(filter.decide("HSETEX", "h", condition, "PXAT", "5", "FIELDS", "1", "NX", "v")).toBe(
        "replace HSETEX h PXAT 5 FIELDS 1 NX v",
      );
    }
    expect(filter.decide("HSETEX", "h", "KEEPTTL", "FIELDS", "1", "f", "v")).toBe("forward");
  }
});

test("values and keys of any bytes survive a rewrite", () => {
  checkProperty(
    fc.property(anyBytes, anyBytes, fc.integer({ min: 1, max: 10 ** 9 }), (key, value, seconds) => {
      const filter = new FilterForTest().live();
      filter.decide("SETEX", key, String(seconds), value);
      const [name, k, v, option, at] = argumentsOf(filter.filter.replacement);
      expect([name, k, v, option]).toEqual(["SET", key.toString("latin1"), value.toString("latin1"), "PXAT"]);
      const expireAt = Number(at) % 2 ** 43;
      expect(Number(at) >= 2 ** 43 ? expireAt : Number(at)).toBe(NOW + seconds * 1000);
    }),
  );
});

test("a rewrite is stable: what was made absolute passes as it is", () => {
  for (const [command] of relative) {
    const filter = new FilterForTest().live();
    filter.decide(...command.split(" "));
    const again = argumentsOf(filter.filter.replacement);
    expect(argumentsOf(encodeCommand(again))).toEqual(again);
    expect(filter.decide(...again)).toBe("forward");
  }
});
