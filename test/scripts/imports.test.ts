import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { importGraph } from "../../scripts/imports/import-graph.ts";
import { importViolations } from "../../scripts/imports/import-violations.ts";
import { importsOf } from "../../scripts/imports/imports-of.ts";
import { roomTable, withRoomTables } from "../../scripts/imports/room-tables.ts";
import { type Floor, floors, neverReached } from "../../scripts/imports/rooms.ts";

/** One file in every room, and every file that a rule names: each import of a room finds a file there. */
const everyRoom = [
  ...floors.flatMap(({ folder, rooms, wiring }) => [
    ...Object.keys(rooms).map((room) => (folder === "" ? `${room}/x.ts` : `${folder}/${room}/x.ts`)),
    ...(wiring === undefined ? [] : [`${folder}/${wiring}`]),
  ]),
  ...neverReached.map(({ from }) => (from.endsWith("/") ? `${from}x.ts` : from)),
].filter((file) => !/^server\/(sync|control)\/x\.ts$/.test(file));

/** What stands against the project's rooms when these files are there besides. */
function violations(files: Readonly<Record<string, string>>): string[] {
  const all = new Map(everyRoom.map((file) => [file, ""]));
  for (const [file, text] of Object.entries(files)) all.set(file, text);
  return importViolations(importGraph(all), floors, neverReached);
}

test("the rooms stand against nothing by themselves", () => {
  expect(violations({})).toEqual([]);
});

test.each([
  ["server/sync/shard-sync.ts", 'import { x } from "../redis/x.ts";\nimport { y } from "./stream/x.ts";'],
  ["server/sync/stream/a.ts", 'import { x } from "../filter/x.ts";\nimport { y } from "../spec/x.ts";'],
  ["server/sync/stream/a.ts", 'import net from "node:net";\nimport { Redis } from "ioredis";'],
  ["server/control/tasks/a.ts", 'import { open } from "../../../db/x.ts";'],
  ["server/verify/a.ts", 'import type { Report } from "../sync/report/x.ts";'],
  ["server/main.ts", 'import { x } from "./api/x.ts";'],
  ["test/a.ts", 'import { x } from "../server/api/x.ts";'],
  ["app/page.tsx", 'import type { TaskView } from "@/server/control/views/x";'],
  ["app/page.tsx", 'import { type TaskView, type TaskRow } from "@/server/control/views/x";'],
  ["app/page.tsx", 'import { Card } from "@/components/x";\nexport default () => <Card>{1}</Card>;'],
  ["app/page.tsx", 'type Router = typeof import("@/server/api/x");'],
  ["server/redis/a.ts", '// import { x } from "../sync/apply/x.ts";\n/* import("../sync/apply/x.ts") */'],
])("lets pass: %s %s", (file, text) => {
  expect(violations({ [file]: text })).toEqual([]);
});

test.each([
  ["server/redis/a.ts", 'import { x } from "../rdb/x.ts";'],
  ["server/redis/a.ts", 'import type { X } from "../rdb/x.ts";'],
  ["server/redis/a.ts", 'import {\n  x,\n  y,\n} from "../rdb/x.ts";'],
  ["server/redis/a.ts", 'export * from "../rdb/x.ts";'],
  ["server/redis/a.ts", 'export type { X } from "../rdb/x.ts";'],
  ["server/redis/a.ts", 'import "../rdb/x.ts";'],
  ["server/redis/a.ts", 'const b = await import("../rdb/x.ts");'],
  ["server/redis/a.ts", 'type B = import("../rdb/x.ts").B;'],
  ["server/redis/a.ts", 'new Worker(new URL("../rdb/x.ts", import.meta.url));'],
  ["server/redis/a.ts", 'new URL(compiled ? "../rdb/x.js" : "./x.ts", import.meta.url);'],
  ["server/replica/a.ts", 'import type { X } from "../rdb/x.ts";'],
  ["server/sync/spec/a.ts", 'import { x } from "../../control/plan/x.ts";'],
  ["server/sync/spec/a.ts", 'import { x } from "../../../db/x.ts";'],
  ["server/sync/filter/a.ts", 'import { x } from "../stream/x.ts";'],
  ["server/sync/checkpoint/a.ts", 'import { x } from "../report/x.ts";'],
  ["server/sync/stream/a.ts", 'import { x } from "../shard-sync.ts";'],
  ["server/control/tasks/a.ts", 'import type { X } from "../views/x.ts";'],
  ["server/verify/a.ts", 'import { run } from "../control/plan/x.ts";'],
  ["server/errors/a.ts", 'import { x } from "../redis/x.ts";'],
  ["app/page.tsx", 'import { x } from "@/server/control/views/x";'],
  ["app/page.tsx", 'import { type TaskView, x } from "@/server/control/views/x";'],
  ["components/card.tsx", 'import { x } from "@/db/x";'],
])("catches: %s %s", (file, text) => {
  expect(violations({ [file]: text })).toHaveLength(1);
});

test("names the file, the line and what is allowed", () => {
  expect(violations({ "components/card.tsx": '"use client";\n\nexport * from "@/server/api/x";' })).toContain(
    "components/card.tsx:3 imports server/api/x.ts: components may import server/input, server (types)",
  );
});

test.each(["server/nook/a.ts", "server/sync/nook/a.ts", "server/control/nook/a.ts", "server/sync/a.ts"])(
  "catches a file in no room: %s",
  (file) => {
    expect(violations({ [file]: "" })).toEqual([`${file}: lies in no room of scripts/imports/rooms.ts`]);
  },
);

describe("a table", () => {
  const floor = (rooms: Floor["rooms"]): Floor => ({ folder: "", rooms });
  const graph = importGraph(new Map([["a/x.ts", ""]]));

  test("must not name a folder that does not exist", () => {
    const both = floor({ a: { holds: "", mayImport: [] }, b: { holds: "", mayImport: [] } });
    expect(importViolations(graph, [both])).toEqual([
      "b: there is no such folder, but scripts/imports/rooms.ts has a room for it",
    ]);
  });

  test("must not have an arrow to a room below or to none", () => {
    const table = floor({ a: { holds: "", mayImport: ["a", "z"] } });
    expect(importViolations(graph, [table])).toEqual([
      "a: its arrow to a does not lead to a room above it",
      "a: its arrow to z does not lead to a room above it",
    ]);
  });
});

test("catches a circle of imports once, with the way around", () => {
  const [violation, ...others] = violations({
    "server/rdb/a.ts": 'import { b } from "./b.ts";',
    "server/rdb/b.ts": 'import { c } from "./c.ts";',
    "server/rdb/c.ts": 'import { a } from "./a.ts";',
  });
  expect(violation).toBe(
    "server/rdb/a.ts: a circle of imports: server/rdb/a.ts → server/rdb/b.ts → server/rdb/c.ts → server/rdb/a.ts",
  );
  expect(others).toEqual([]);
});

test("catches a circle of types", () => {
  const types = {
    "server/rdb/a.ts": 'import type { B } from "./b.ts";',
    "server/rdb/b.ts": 'import { type A } from "./a.ts";',
  };
  expect(violations(types)).toHaveLength(1);
});

test("catches what is reached through others, with the way there", () => {
  const through = {
    "server/cli/sync.ts": 'import { a } from "../control/tasks/a.ts";',
    "server/control/tasks/a.ts": 'import { b } from "./b.ts";',
    "server/control/tasks/b.ts": 'import { open } from "../../../db/x.ts";',
  };
  expect(violations(through)).toEqual([
    "server/cli/sync.ts: reaches db/ (the command line runs without a database): " +
      "server/cli/sync.ts → server/control/tasks/a.ts → server/control/tasks/b.ts → db/x.ts",
  ]);
  const types = { ...through, "server/control/tasks/b.ts": 'import type { Db } from "../../../db/x.ts";' };
  expect(violations(types)).toEqual([]);
});

test("text that cannot be parsed is an error that names the file", () => {
  expect(() => importsOf("server/a.ts", "import { from")).toThrow("server/a.ts");
});

test("finds imports behind text that looks like a comment, and none within one", () => {
  const text =
    'const url = "http://x";\nimport { x } from "./y.ts";\nconst t = `import { z } from "./z.ts"`;';
  expect(importsOf("a.ts", text).map(({ specifier, line }) => [specifier, line])).toEqual([["./y.ts", 2]]);
});

test("the documents have the tables of the rooms, and another table is noticed", () => {
  for (const name of ["docs/architecture.md", "CONTRIBUTING.md"]) {
    const document = readFileSync(join(import.meta.dirname, "..", "..", name), "utf8");
    expect(document).toContain(roomTable(floors[0]!));
    expect(withRoomTables(document, floors)).toBe(document);
    expect(withRoomTables(document.replace("| the pages |", "| pages |"), floors)).toBe(document);
  }
});
