import { expect, test } from "vitest";
import { commandNamed } from "../../../server/sync/commands/command-names.ts";
import { StreamWrites } from "../../../server/sync/ledger/stream-writes.ts";

const [set, del, hdel, ping, select] = ["SET", "DEL", "HDEL", "PING", "SELECT"].map((name) =>
  commandNamed(name),
) as [
  ReturnType<typeof commandNamed>,
  ReturnType<typeof commandNamed>,
  ReturnType<typeof commandNamed>,
  ReturnType<typeof commandNamed>,
  ReturnType<typeof commandNamed>,
];

test("counts what somebody has written, and nothing that the server says by itself", () => {
  const writes = new StreamWrites();
  writes.note(ping, 1, 0, true);
  writes.note(select, 2, 10, true);
  expect(writes.read(1000, 20)).toEqual({ count: 0, lastAt: null, commands: [] });
  writes.note(set, 3, 20, true);
  writes.note(set, 3, 30, true);
  writes.note(del, 3, 40, true);
  expect(writes.read(2000, 50)).toEqual({ count: 3, lastAt: 2000, commands: ["SET", "DEL"] });
  expect(writes.read(3000, 50)).toEqual({ count: 3, lastAt: 2000, commands: ["SET", "DEL"] });
});

test("counts a stream that is read again once, and a new history from its beginning", () => {
  const writes = new StreamWrites();
  for (const offset of [100, 110, 120, 110, 120, 130]) writes.note(set, 3, offset, true);
  expect(writes.read(1, 140).count).toBe(4);
  writes.newHistory();
  writes.note(set, 3, 10, true);
  expect(writes.read(2, 20).count).toBe(5);
});

test("leaves out what is written to databases that are not synchronized", () => {
  const writes = new StreamWrites();
  writes.note(set, 3, 10, false);
  writes.explain(10, 0);
  writes.note(del, 2, 20, false);
  writes.explain(30, 0);
  expect(writes.read(1, 40).count).toBe(0);
});

test("takes deletions for expiries as far as the server counts them, whenever the stream comes to them", () => {
  const writes = new StreamWrites();
  writes.explain(0, 7);
  for (let offset = 10; offset <= 50; offset += 10) writes.note(del, 2, offset, true);
  // Three have expired by offset 35, and the other two are still to be told.
  writes.explain(35, 10);
  expect(writes.read(1, 60).count).toBe(0);
  writes.note(del, 2, 60, true);
  writes.note(hdel, 3, 70, true);
  // Of the four since then three have expired: one is somebody's.
  writes.explain(80, 13);
  expect(writes.read(2, 75).count).toBe(0);
  expect(writes.read(3, 80)).toEqual({ count: 1, lastAt: 3, commands: ["DEL"] });
});

test("begins anew with a server that was started again, and where too much is to be remembered", () => {
  const writes = new StreamWrites();
  writes.explain(0, 100);
  writes.note(del, 2, 10, true);
  writes.explain(20, 3);
  expect(writes.read(1, 20).count).toBe(0);
  for (let number = 0; number < 20_000; number++) writes.note(del, 2, 30 + number, true);
  writes.explain(1000, 4);
  writes.explain(30_000, 5);
  expect(writes.read(2, 30_000).count).toBe(0);
  writes.note(del, 2, 30_010, true);
  writes.explain(30_020, 5);
  expect(writes.read(3, 30_020).count).toBe(1);
});
