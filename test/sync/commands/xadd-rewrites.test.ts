import { expect, test } from "vitest";
import { FilterForTest } from "../harness/filter-for-test.ts";

const rows: readonly (readonly [version: string, command: string, wanted: string])[] = [
  // Redis 8.6 takes an ID beside IDMP from a master only.
  ...["6.0.16", "7.0.15", "8.0.0", "8.6.0"].flatMap((version) => [
    [version, "XADD x IDMP p i 1-1 f v", "replace XADD x 1-1 f v"] as const,
    [version, "XADD x idmpauto p 1-1 f v", "replace XADD x 1-1 f v"] as const,
    [version, "XADD x IDMPAUTO p MAXLEN = 5 1-1 f v", "replace XADD x MAXLEN = 5 1-1 f v"] as const,
    [version, "XADD x KEEPREF IDMP IDMP KEEPREF 1-1 IDMP v", "replace XADD x 1-1 IDMP v"] as const,
    [version, "XADD x MAXLEN = 5 KEEPREF 1-1 f v", "replace XADD x MAXLEN = 5 1-1 f v"] as const,
    [version, "XTRIM x MAXLEN = 5 KEEPREF", "replace XTRIM x MAXLEN = 5"] as const,
    // Without a trim they say nothing.
    [version, "XADD x DELREF 1-1 f v", "replace XADD x 1-1 f v"] as const,
    [version, "XADD x 1-1 KEEPREF DELREF", "forward"] as const,
  ]),
  ...["6.0.16", "7.0.15", "8.0.0"].flatMap((version) => [
    [version, "XADD x DELREF MAXLEN = 5 1-1 f v", "fetch 0 x"] as const,
    [version, "XADD x MINID = 5-1 acked IDMP p i 1-1 f v", "fetch 0 x"] as const,
    [version, "XTRIM x MAXLEN = 5 ACKED", "fetch 0 x"] as const,
  ]),
  ["8.2.0", "XADD x DELREF MAXLEN = 5 1-1 f v", "forward"],
  ["8.2.0", "XTRIM x MAXLEN = 5 ACKED", "forward"],
  [
    "8.2.0",
    "XADD x NOMKSTREAM MINID = 5-1 ACKED IDMP p i 6-1 f v",
    "replace XADD x NOMKSTREAM ACKED MINID = 5-1 6-1 f v",
  ],
  ["8.2.0", "XADD x DELREF LIMIT 5 MAXLEN = 5 6-1 f v", "replace XADD x DELREF MAXLEN = 5 6-1 f v"],
];

test.each(rows)("for Redis %s %s becomes: %s", (version, command, wanted) => {
  const filter = new FilterForTest({ version });
  const verdict = filter.decide(...command.split(" "));
  expect(verdict === "control" ? `fetch ${filter.fetched().join()}` : verdict).toBe(wanted);
});

test("Valkey has no references, whatever its version", () => {
  const filter = new FilterForTest({ flavor: "valkey", version: "9.1.0" });
  expect(filter.decide(..."XTRIM x MAXLEN = 5 ACKED".split(" "))).toBe("control");
  expect(filter.fetched()).toEqual(["0 x"]);
});

test("an entry of more fields than a script can pass on is copied with its stream", () => {
  const filter = new FilterForTest({ version: "6.0.16" });
  const fields = Array.from({ length: 4000 }, (_, index) => [`f${index}`, "v"]).flat();
  expect(filter.decide("XADD", "x", "MINID", "=", "5-1", "6-1", ...fields)).toBe("control");
  expect(filter.fetched()).toEqual(["0 x"]);
});
