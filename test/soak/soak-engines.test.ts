import { expect, onTestFinished, test } from "vitest";
import { temporaryFolder, until } from "../servers/index.ts";
import { SoakEngines } from "./soak-engines.ts";

function enginesWith(...args: string[]): SoakEngines {
  const engines = new SoakEngines(args, temporaryFolder(), ["alpha-1"]);
  onTestFinished(() => engines.close());
  engines.start();
  return engines;
}

/** Nobody listens there, and the engine goes on trying. */
const nowhere = ["--shard", "redis://127.0.0.1:1", "--destination", "redis://127.0.0.1:2", "--skip-checks"];

test("an engine that ends although nobody has ended it is a failure, with what it said last", async () => {
  const engines = enginesWith("--nonsense");
  await until(async () => (await engines.failure()) !== null, { what: "it is noticed" });
  await expect(engines.expectRunning()).rejects.toThrow(/ended by itself \(exit code 2\):[\s\S]*--nonsense/);
  await expect(engines.end("SIGKILL")).rejects.toThrow(/ended by itself/);
});

test("an engine that is ended by a fault, and has not been started again, is none", async () => {
  const engines = enginesWith(...nowhere);
  await engines.end("SIGKILL");
  await engines.expectRunning();
  engines.start();
  await engines.end("SIGTERM");
  expect(engines.complaints()).toEqual([]);
});
