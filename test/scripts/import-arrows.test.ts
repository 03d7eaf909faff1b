import { expect, test } from "vitest";
import { importsOf, importViolations } from "../../scripts/import-arrows.ts";

const violations = (file: string, text: string) => importViolations(new Map([[file, text]]));

test.each([
  ["server/sync/a.ts", 'import { x } from "../redis/b.ts";'],
  [
    "server/sync/a.ts",
    'import { x } from "./b.ts";\nimport net from "node:net";\nimport { Redis } from "ioredis";',
  ],
  ["server/control/a.ts", 'import { open } from "../../db/client.ts";'],
  ["server/verify/a.ts", 'import type { Report } from "../sync/b.ts";'],
  ["server/main.ts", 'import { x } from "./api/b.ts";'],
  ["app/tasks/page.tsx", 'import type { TaskView } from "@/server/control/views/task-view";'],
  ["app/tasks/page.tsx", 'import { type TaskView, type TaskRow } from "@/server/control/views/task-view";'],
  ["app/tasks/page.tsx", 'import { Card } from "@/components/card";'],
  ["app/tasks/page.tsx", 'type Router = typeof import("@/server/api/router");'],
  ["server/sync/stream/a.ts", 'import { x } from "../filter/b.ts";\nimport { y } from "../spec/c.ts";'],
  ["server/sync/a.ts", 'import { x } from "./stream/b.ts";'],
  ["server/redis/a.ts", '// import { x } from "../sync/b.ts";\n/* import("../sync/c.ts") */'],
])("lets pass: %s %s", (file, text) => {
  expect(violations(file, text)).toEqual([]);
});

test.each([
  ["server/redis/a.ts", 'import { x } from "../sync/b.ts";'],
  ["server/redis/a.ts", 'import type { X } from "../sync/b.ts";'],
  ["server/redis/a.ts", 'import {\n  x,\n  y,\n} from "../sync/b.ts";'],
  ["server/redis/a.ts", 'export * from "../sync/b.ts";'],
  ["server/redis/a.ts", 'import "../sync/b.ts";'],
  ["server/redis/a.ts", 'const b = await import("../sync/b.ts");'],
  ["server/redis/a.ts", 'new Worker(new URL("../sync/b.ts", import.meta.url));'],
  ["server/replica/a.ts", 'import type { X } from "../rdb/b.ts";'],
  ["server/sync/a.ts", 'import { x } from "../control/b.ts";'],
  ["server/sync/a.ts", 'import { x } from "../../db/client.ts";'],
  ["server/sync/filter/a.ts", 'import { x } from "../stream/b.ts";'],
  ["server/sync/nook/a.ts", 'import { x } from "../stream/b.ts";'],
  ["server/verify/a.ts", 'import { run } from "../control/b.ts";'],
  ["server/errors/a.ts", 'import { x } from "../redis/b.ts";'],
  ["app/tasks/page.tsx", 'import { x } from "@/server/control/views/task-view";'],
  ["app/tasks/page.tsx", 'import { type TaskView, x } from "@/server/control/views/task-view";'],
  ["components/card.tsx", 'import { x } from "../server/control/task-view";'],
  ["components/card.tsx", 'import { x } from "@/db/client";'],
  ["server/new-folder/a.ts", 'import net from "node:net";'],
])("catches: %s %s", (file, text) => {
  expect(violations(file, text)).toHaveLength(1);
});

test("names the file, the line and what is allowed", () => {
  expect(
    violations("components/card.tsx", '"use client";\n\nimport { x } from "@/server/api/router";'),
  ).toEqual([
    "components/card.tsx:3 imports server/api/router: components may import only types (import type) of server/api",
  ]);
});

test("finds imports behind text that looks like a comment", () => {
  expect(importsOf('const url = "http://x";\nimport { x } from "./y.ts";').map((i) => i.specifier)).toEqual([
    "./y.ts",
  ]);
});
