import { describe, expect, it, onTestFinished } from "vitest";
import { WriteBehind } from "../../../server/control/storage/write-behind.ts";

function open() {
  const seen: string[] = [];
  let full = false;
  const writes = new WriteBehind({
    transaction: (run) => {
      if (full) throw new Error("full");
      run();
    },
    isPassing: (error) => (error as Error).message === "full",
    onWritten: () => seen.push("written"),
    onDropped: (error) => seen.push(`dropped: ${(error as Error).message}`),
    everyMs: 3_600_000,
    limit: 2,
  });
  onTestFinished(() => writes.close());
  return { writes, seen, setFull: (now: boolean) => (full = now) };
}

describe("WriteBehind", () => {
  it("leaves out the one write that can never succeed, and puts down the others in their order", () => {
    const { writes, seen } = open();
    writes.add(() => seen.push("a"));
    writes.add(() => {
      throw new Error("wrong");
    });
    writes.add(() => seen.push("b"));
    writes.flush();
    // The first attempt is a transaction that is undone.
    expect(seen).toEqual(["a", "a", "dropped: wrong", "b"]);
  });

  it("keeps the newest while the disk fails, and does not try at each read", () => {
    const { writes, seen, setFull } = open();
    setFull(true);
    for (const name of ["a", "b", "c"]) writes.add(() => seen.push(name));
    writes.flush();
    setFull(false);
    writes.flush();
    expect(seen).toEqual([]);
    writes.close();
    expect(seen).toEqual(["b", "c", "written"]);
  });
});
