import { describe, expect, it } from "vitest";
import { formatByteRate, formatBytes } from "../../components/format/bytes.ts";
import { capitalized } from "../../components/format/capitalized.ts";
import {
  formatCompact,
  formatCount,
  formatOffset,
  formatPercent,
  formatPlural,
  formatRate,
} from "../../components/format/count.ts";
import { formatAge, formatAgo, formatDuration, formatMoment } from "../../components/format/duration.ts";
import { shorten } from "../../components/format/shorten.ts";
import { sentence } from "../../server/precheck/check-result.ts";

describe("formatBytes", () => {
  it.each([
    [0, "0 B"],
    [1, "1 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [1536, "1.5 KiB"],
    [99.96 * 1024, "100 KiB"],
    [1024 * 1024 - 1, "1.0 MiB"],
    [104 * 1024 * 1024, "104 MiB"],
    [3 * 1024 ** 3, "3.0 GiB"],
    [5000 * 1024 ** 4, "5000 TiB"],
    [-2048, "-2.0 KiB"],
  ])("writes %d bytes as %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it("writes a rate per second", () => expect(formatByteRate(2 * 1024 * 1024)).toBe("2.0 MiB/s"));
});

describe("counts", () => {
  it("groups thousands", () => expect(formatCount(1234567)).toBe("1,234,567"));
  it("keeps small numbers whole and shortens large ones", () => {
    expect(formatCompact(9_999)).toBe("9,999");
    expect(formatCompact(1_234_567)).toBe("1.23M");
  });
  it.each([
    [0, "0/s"],
    [0.01, "<0.1/s"],
    [3.42, "3.4/s"],
    [9.97, "10/s"],
    [12345.6, "12,346/s"],
  ])("writes the rate %d as %s", (rate, text) => expect(formatRate(rate)).toBe(text));
  it.each([
    [0, 10, "0%"],
    [1, 100_000, "1%"],
    [99_999, 100_000, "99%"],
    [10, 10, "100%"],
    [5, 0, "0%"],
  ])("says %d of %d is %s", (part, whole, text) => expect(formatPercent(part, whole)).toBe(text));
  it("uses the singular for one only", () => {
    expect(formatPlural(1, "shard")).toBe("1 shard");
    expect(formatPlural(0, "shard")).toBe("0 shards");
    expect(formatPlural(2, "copy", "copies")).toBe("2 copies");
  });
  it("groups offsets past 2^53 without rounding them", () =>
    expect(formatOffset("9007199254740993123")).toBe("9,007,199,254,740,993,123"));
});

describe("durations", () => {
  it.each([
    [0, "0 ms"],
    [0.12, "120 ms"],
    [0.9999, "1.0 s"],
    [4.21, "4.2 s"],
    [9.96, "10 s"],
    [59.4, "59 s"],
    [60, "1 min"],
    [200, "3 min 20 s"],
    [7500, "2 h 5 min"],
    [86_400 * 4 + 3600 * 3, "4 d 3 h"],
  ])("writes %d s as %s", (seconds, text) => expect(formatDuration(seconds)).toBe(text));

  it("writes an age in its largest unit", () => {
    expect(formatAge(59_999)).toBe("59 s");
    expect(formatAge(3_599_000)).toBe("59 min");
    expect(formatAge(86_400_000)).toBe("1 d");
  });
  it("says now for a moment that is just past or a little ahead", () => {
    expect(formatAgo(1000, 2500)).toBe("now");
    expect(formatAgo(9000, 2500)).toBe("now");
    expect(formatAgo(0, 12_400)).toBe("12 s ago");
  });
  it("writes a moment with its time zone", () =>
    expect(formatMoment(Date.UTC(2026, 0, 2, 3, 4, 5), "UTC")).toBe("2026-01-02 03:04:05 UTC"));
});

describe("shorten", () => {
  it("leaves a name that fits", () => expect(shorten("alpha-1", 7)).toBe("alpha-1"));
  it("keeps the end, by which shards differ, and never exceeds the length", () => {
    expect(shorten("sessions-cluster-eu-west-1-shard-12", 20)).toBe("sessions…-1-shard-12");
    expect(shorten("x".repeat(99), 20)).toHaveLength(20);
  });
});

describe("capitalized", () => {
  it.each([
    ["shard alpha-1 at 10.0.0.1:6379 wants a password.", "Shard alpha-1 at 10.0.0.1:6379 wants a password."],
    ["the destination is read-only.", "The destination is read-only."],
    ["http://127.0.0.1 is not a Redis address.", "http://127.0.0.1 is not a Redis address."],
    ["redis.example:6379 is a replica.", "redis.example:6379 is a replica."],
    ["localhost:6379 is a replica.", "localhost:6379 is a replica."],
    ["10.0.0.1:1 is a replica.", "10.0.0.1:1 is a replica."],
    ["stopped.", "Stopped."],
    ["", ""],
  ])("begins %j as a sentence begins, and leaves addresses as they are", (text, expected) => {
    expect(capitalized(text)).toBe(expected);
    expect(sentence(text)).toBe(expected);
  });
});
