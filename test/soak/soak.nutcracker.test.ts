import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runSoak } from "./run-soak.ts";
import { SoakCluster } from "./soak-cluster.ts";

/** `npm run test:soak` sets the time; without it there are a few rounds, so that the soak itself does not rot. */
const seconds = Number(process.env.SOAK_SECONDS ?? 0);
const FEW_ROUNDS = 2;
const seed = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 30));

test("the destination is the union of the shards after every round of random faults", {
  timeout: seconds * 1_000 + 420_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "tributary-soak-"));
  console.log(`soak: TEST_SEED=${seed}, logs in ${folder}`);
  const cluster = await SoakCluster.start(folder, seed);
  const ends = performance.now() + seconds * 1_000;
  const more = (rounds: number) => (seconds > 0 ? performance.now() < ends : rounds < FEW_ROUNDS);
  const { rounds, faults, commands } = await runSoak(cluster, seed, more);
  console.log(`${rounds} rounds, ${faults} faults, ${commands} commands, 0 differences`);
  expect(commands).toBeGreaterThan(rounds * 1_000);
  await cluster.engine.kill("SIGTERM");
  rmSync(folder, { recursive: true, force: true });
});
