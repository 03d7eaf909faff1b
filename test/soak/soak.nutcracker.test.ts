import { cpSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../servers/index.ts";
import { runSoak } from "./run-soak.ts";
import { SoakCluster } from "./soak-cluster.ts";

/** `npm run test:soak` sets the time; without it there are a few rounds, so that the soak itself does not rot. */
const seconds = Number(process.env.SOAK_SECONDS ?? 0);
const FEW_ROUNDS = 2;
const seed = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 30));

test("the destination is the union of the shards after every round of random faults", {
  timeout: seconds * 1_000 + 600_000,
}, async () => {
  const folder = temporaryFolder();
  console.log(`soak: TEST_SEED=${seed} SOAK_SECONDS=${seconds}, logs in ${folder}`);
  try {
    const cluster = await SoakCluster.start(folder, seed);
    const ends = performance.now() + seconds * 1_000;
    const summary = await runSoak(cluster, {
      seed,
      more: (rounds) => (seconds > 0 ? performance.now() < ends : rounds < FEW_ROUNDS),
      halfOpen: seconds > 0,
      oldMasters: true,
      neighborFrom: Math.max(1, Math.floor(seconds / 100)),
    });
    const { rounds, commands, keysCompared } = summary;
    const faults = [...summary.faults.values()].reduce((sum, times) => sum + times, 0);
    const kinds = [...summary.faults].sort().map(([name, times]) => `${name} ${times}`);
    console.log(
      `soak: TEST_SEED=${seed}, ${rounds} rounds, ${faults} faults, ${commands} commands, ${keysCompared} keys compared, 0 differences`,
    );
    console.log(`faults: ${kinds.join(", ")}\nalerts:\n${summary.alerts.join("\n")}`);
    expect(commands).toBeGreaterThan(rounds * 1_000);
    await cluster.engines.end("SIGTERM");
  } catch (error) {
    // Logs and append-only files are what a failure is understood by; they are what stays.
    const kept = mkdtempSync(join(tmpdir(), "tributary-soak-logs-"));
    cpSync(folder, kept, {
      recursive: true,
      filter: (path) => !/\/spool\//.test(path),
    });
    console.log(`the logs and append-only files are kept in ${kept}`);
    throw error;
  }
});
