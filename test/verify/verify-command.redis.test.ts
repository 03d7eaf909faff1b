import { execFile } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { verifyArguments } from "../../server/cli/verify-arguments.ts";
import { verifyLine } from "../../server/cli/verify-display.ts";
import { startRedis, temporaryFolder } from "../servers/index.ts";
import { EngineRun } from "../sync/harness/engine-run.ts";

const root = join(import.meta.dirname, "..", "..");

/** `npm run verify`, as it was compiled by the build. */
async function verify(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const program = join(root, "dist", "server", "cli", "verify.js");
  const env = { ...process.env, TRIBUTARY_DATA_DIR: temporaryFolder() };
  return await new Promise((resolve) =>
    execFile(process.execPath, [program, ...args], { env }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    ),
  );
}

test("says the verdict first, and exits with 0 for equal, 1 for different, 2 for what it could not tell", async () => {
  const [shard, destination] = [await startRedis(), await startRedis()];
  await shard.client.mset("a", "1", "b", "2");
  await destination.client.mset("a", "1", "b", "2");
  const args = ["--shard", shard.url, "--destination", destination.url];
  const equal = await verify(...args);
  expect(equal).toMatchObject({ code: 0, err: "" });
  expect(equal.out).toMatch(/^2 keys compared, all equal as of \d\d:\d\d:\d\d\n$/);
  const binary = Buffer.from([255, 10, 97]);
  await shard.client.set(binary, "here");
  await destination.client.set(binary, "there\u0000");
  const different = await verify(...args);
  expect(different.code).toBe(1);
  expect(different.out).toMatch(/^1 of 3 differs, as of [\d:]+\n\nby kind: 1 value\n {2}shard-1: 1 value\n/);
  expect(different.out).toContain("value  db 0  \\xff\\x0aa  (shard-1: string; destination: string)");
  expect(different.out).toContain('    string 0: "here" / "there\\x00"');
  const json = await verify(...args, "--json");
  expect(json.code).toBe(1);
  expect(JSON.parse(json.out)).toMatchObject({
    outcome: "different",
    listed: [{ kind: "value", shard: 0, db: 0, key: { base64: binary.toString("base64") } }],
  });
  await shard.stop();
  const untold = await verify(...args);
  expect(untold.code).toBe(2);
  expect(untold.err).toMatch(/^Could not tell: shard shard-1 at .* refused the connection/);
  const untoldJson = await verify(...args, "--json");
  expect(untoldJson.code).toBe(2);
  expect(JSON.parse(untoldJson.out)).toMatchObject({
    outcome: "unknown",
    sentence: expect.stringMatching(/^Could not tell: shard shard-1 at /),
    reason: { code: expect.any(String), remedy: expect.any(String) },
  });
  expect(await verify("--shard", "a")).toMatchObject({
    code: 2,
    err: expect.stringContaining("--destination"),
  });
});

test("reads its range and limits from the command line", () => {
  const args = (...more: string[]) =>
    verifyArguments(["--shard", "h1", "--shard", "h2", "--destination", "h3", ...more])!;
  const options = args(
    "--prefix",
    "a\\x00\\xffb",
    "--sample",
    "0.5",
    "--only-shard",
    "shard-2",
    "--mb-per-second",
    "3",
  );
  expect(options.range).toEqual({ sample: 0.5, prefix: Buffer.from([97, 0, 255, 98]), shard: 1 });
  expect(options.pace).toEqual({ keysPerSecond: Number.POSITIVE_INFINITY, bytesPerSecond: 3e6 });
  expect(options.depth).toBe("full");
  expect(() => args("--sample", "101")).toThrow(/--sample takes a number above 0 up to 100/);
  expect(() => args("--only-shard", "x")).toThrow(/--only-shard takes one of shard-1, shard-2/);
  expect(() => args("--depth", "counts", "--prefix", "a")).toThrow(/--depth counts takes all keys/);
  expect(() => args("--depth", "deep")).toThrow(/--depth takes counts or keys or full/);
});

test("shows the rate and the time that is left", () => {
  const progress = { phase: "forward", done: 500, total: 2000, compared: 400, bytes: 3e6 } as const;
  const line = verifyLine({ ...progress, differences: 3, suspects: 7, startedAt: 1000 }, 6000);
  expect(line).toBe(
    "shards → destination  25 %  500 of about 2,000 keys  100/s, 0.6 MB/s  15 s left  3 differ  7 to be looked at again",
  );
});

test("--repair has what differs repaired by the engine that runs, and refuses where none does", async () => {
  const [shard, destination] = [await startRedis(), await startRedis()];
  await shard.client.mset("a", "1", "b", "2", "c", "3");
  const task = ["--shard", shard.url, "--destination", destination.url, "--id", "engine-run"];
  await destination.client.mset("a", "1", "b", "2", "c", "3");
  await destination.client.set("b", "other");
  const refused = await verify(...task, "--repair", "all");
  expect(refused.code).toBe(2);
  expect(refused.err).toMatch(/engine-run is not repaired: shard shard-1 is not being synchronized/);
  expect(await destination.client.get("b")).toBe("other");
  await destination.client.flushall();
  const engine = new EngineRun([...task.slice(0, 4), "--skip-checks"], temporaryFolder());
  engine.start();
  await engine.reached("shard-1", shard.client, destination.client);
  await destination.client.set("b", "other");
  await destination.client.del("c");
  await destination.client.set("extra", "v");
  const repaired = await verify(...task, "--repair", "missing,value");
  expect(repaired.out).toMatch(/^3 of 4 differ/);
  expect(repaired.out).toMatch(
    /\nRepair: 2 of 2 keys right \(2 copied again\), verified again as of [\d:]+\n$/,
  );
  // One that differs was not chosen.
  expect(repaired.code).toBe(1);
  const rest = await verify(...task, "--repair", "all", "--json");
  expect(rest.code).toBe(0);
  expect(JSON.parse(rest.out).repair.keys).toMatchObject([{ kind: "extra", outcome: "deleted" }]);
  expect(await destination.client.mget("a", "b", "c", "extra")).toEqual(["1", "2", "3", null]);
}, 240_000);
