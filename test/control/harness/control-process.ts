import { openDatabase } from "../../../db/open-database.ts";
import { openControl } from "../../../server/control/control.ts";
import { WorkerPool } from "../../../server/control/engine/worker-pool.ts";
import { openSecretBox } from "../../../server/control/secrets/secret-box.ts";
import { checksOf } from "./open-test-control.ts";

// The control and its engine in a process of their own, which a test may kill. It is told by messages what to call.
export type ControlCall = { readonly id: number; readonly name: string; readonly args: readonly unknown[] };
export type ControlAnswer = { readonly id: number; readonly answer?: unknown; readonly error?: string };

const directory = process.argv[2]!;
const database = openDatabase(directory);
const control = openControl({
  database,
  box: openSecretBox(directory, undefined),
  runPrechecks: async () => checksOf(),
  runner: (listener) => new WorkerPool({ ...listener, size: 1 }),
  onFailure: (what, error) => console.error(what, error),
});
control.begin();
process.on("message", async ({ id, name, args }: ControlCall) => {
  try {
    const call = control[name as keyof typeof control] as (...given: readonly unknown[]) => unknown;
    process.send?.({ id, answer: await call(...args) } satisfies ControlAnswer);
  } catch (error) {
    process.send?.({ id, error: String(error) } satisfies ControlAnswer);
  }
});
