import { expect, test } from "vitest";
import { parseNutcrackerStats } from "../../server/twemproxy/stats.ts";

test("takes what is no text for an empty one", () => {
  const text = '{"service":"nutcracker","version":{"toString":1},"source":[1]}';
  expect(parseNutcrackerStats(text)).toMatchObject({ version: "", source: "" });
});

test("takes a number that no counter can have for 0", () => {
  const text = '{"service":"nutcracker","timestamp":1e308,"uptime":1.5,"curr_connections":9007199254740992}';
  expect(parseNutcrackerStats(text)).toMatchObject({ at: 0, uptime: 0, currentConnections: 0 });
});
