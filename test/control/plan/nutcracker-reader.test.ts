import { expect, it, onTestFinished } from "vitest";
import { NutcrackerReader } from "../../../server/control/plan/nutcracker-reader.ts";
import { planTask } from "../../../server/control/plan/task-plan.ts";

const good = "alpha:\n  listen: 127.0.0.1:1\n  redis: true\n  servers:\n   - 10.0.0.1:6379:1 one\n";
/** Each keeps the library busy for long, or would have it answer with megabytes. */
const junk = ["{,,,}", "{}", "{,,,}\n", '"', "&a ", "%a\n", "{a:,", "[],"].map((text) =>
  text.repeat(Math.floor(65_536 / text.length)),
);

function open(options?: { patienceMs: number }): NutcrackerReader {
  const reader = new NutcrackerReader(options);
  onTestFinished(() => reader.close());
  return reader;
}

it("reads a file as parseNutcrackerConfig does, away from the main thread", async () => {
  const { pools, problems } = await open().read(good);
  expect(problems).toEqual([]);
  expect(pools).toMatchObject([{ name: "alpha", servers: [{ name: "one", port: 6379 }] }]);
});

it("does not hold the main thread, whatever 64 KiB it is given", async () => {
  const reader = open();
  await reader.read(good);
  let longest = 0;
  let last = performance.now();
  const watch = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 5);
  const began = performance.now();
  const answers = await Promise.all(junk.map((text) => reader.read(text)));
  const took = performance.now() - began;
  clearInterval(watch);
  for (const { pools, problems } of answers) {
    expect(pools).toEqual([]);
    expect(problems[0]).toMatchObject({ severity: "error", code: "NUTCRACKER_SYNTAX" });
    expect(problems.length).toBeLessThanOrEqual(100);
  }
  // On a busy machine both grow; were it read here, the longest hold would be that of a whole file.
  expect(longest, `of ${took} ms`).toBeLessThan(took / 4);
  expect((await reader.read(good)).pools).toHaveLength(1);
});

it("gives a file up that takes too long, and reads the next", async () => {
  const reader = open({ patienceMs: 1 });
  const { pools, problems } = await reader.read(junk[0]!);
  expect([pools, problems.map(({ message }) => message)]).toEqual([
    [],
    ["The file takes too long to be read"],
  ]);
  const patient = open();
  expect((await patient.read(good)).pools).toHaveLength(1);
});

it("takes no more than a few files at once", async () => {
  const reader = open();
  const asked = Array.from({ length: 40 }, () =>
    reader.read(good).then(
      ({ pools }) => pools.length,
      (error: { code: string }) => error.code,
    ),
  );
  const answers = await Promise.all(asked);
  expect(answers.filter((answer) => answer === 1)).toHaveLength(32);
  expect(answers.filter((answer) => answer === "TOO_MANY_REQUESTS")).toHaveLength(8);
});

it("names a thousand shards whose names are not ASCII without a thousand times a thousand steps", () => {
  const servers = Array.from(
    { length: 1024 },
    (_, n) =>
      `   - a:${n + 1}:1 ${"é".repeat(3)}${n.toString(36).replace(/[a-z0-9]/g, (c) => String.fromCharCode(0x4e00 + c.charCodeAt(0)))}\n`,
  );
  const text = `alpha:\n  listen: a:1\n  redis: true\n  servers:\n${servers.join("")}`;
  const plan = planTask({
    source: { kind: "nutcracker", text, pool: "alpha" },
    destination: { address: "h:1" },
  });
  const ids = plan.shards.map(({ id }) => id);
  expect(new Set(ids).size).toBe(1024);
  expect(ids.slice(0, 3)).toEqual(["-", "--2", "--3"]);
});
