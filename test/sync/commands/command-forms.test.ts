import { expect, test } from "vitest";
import { commandRows } from "../../../server/redis/command-facts-data.ts";
import {
  before40,
  before62,
  before70,
  before80,
  unconditional,
  withoutDelifeq,
  withoutFieldExpiry,
} from "../../../server/sync/commands/command-downgrade-rewrites.ts";
import { xaddRewrites } from "../../../server/sync/commands/xadd-rewrites.ts";

test("has another form for exactly the commands whose row says so", () => {
  const streams = xaddRewrites({ minId: false, references: false });
  const rewrites = {
    ...before40,
    ...before62,
    ...before70,
    ...before80,
    ...unconditional,
    ...withoutDelifeq,
    ...streams,
  };
  const stated = Object.entries(commandRows).filter(([, { otherForm }]) => otherForm);
  expect(stated.map(([name]) => name).sort()).toEqual(
    Object.keys({ ...rewrites, ...withoutFieldExpiry }).sort(),
  );
});
