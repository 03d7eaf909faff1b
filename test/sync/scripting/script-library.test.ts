import { expect, test } from "vitest";
import { ScriptLibrary, scriptSha } from "../../../server/sync/scripting/script-library.ts";

test("a body that is called by its SHA1 outlives those that came after it and are not", () => {
  const library = new ScriptLibrary();
  const body = (n: number) => Buffer.from(`return ${n}`);
  const called = scriptSha(body(0));
  const add = (n: number) => library.add(scriptSha(body(n)), body(n));
  add(0);
  const gone: string[] = [];
  for (let n = 1; n <= 20_000; n++) {
    gone.push(...(add(n) ?? []));
    if (n % 5000 === 0) expect(library.bodyOf(called)).toEqual(body(0));
  }
  expect(gone).toHaveLength(10_001);
  expect(gone).not.toContain(called);
  expect(gone[0]).toBe(scriptSha(body(1)));
});
