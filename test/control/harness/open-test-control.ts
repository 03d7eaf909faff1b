import { onTestFinished } from "vitest";
import { type OpenDatabase, openDatabase } from "../../../db/open-database.ts";
import type { RunPrechecks } from "../../../server/control/checks/precheck-verdict.ts";
import { type Control, openControl } from "../../../server/control/control.ts";
import type { TaskInput } from "../../../server/control/plan/task-input.ts";
import { openSecretBox } from "../../../server/control/secrets/secret-box.ts";
import type { CheckResult, PrecheckReport } from "../../../server/precheck/precheck-report.ts";
import { temporaryFolder } from "../../servers/index.ts";
import { FakeRunner } from "./fake-runner.ts";

export const twoShards: TaskInput = {
  name: "river",
  source: {
    kind: "shards",
    shards: [
      { name: "a", address: "127.0.0.1:7001", password: "shard-password-1" },
      { name: "b", address: "redis://:shard-password-2@127.0.0.1:7002" },
    ],
  },
  destination: { address: "redis://writer:destination-password@127.0.0.1:7003" },
};
/** Those of `twoShards`. */
export const passwords = ["shard-password-1", "shard-password-2", "destination-password"];

export function checksOf(...checks: Partial<CheckResult>[]): PrecheckReport {
  const destination = {
    address: "127.0.0.1:7003",
    reachable: true,
    flavor: null,
    version: null,
    mode: null,
    role: null,
    runId: null,
    keyspace: [],
    usedMemory: null,
    maxMemory: null,
    maxMemoryPolicy: null,
  };
  return {
    ok: checks.every(({ level }) => level !== "error"),
    checks: checks.map((check) => ({
      id: "reachable",
      level: "ok",
      subject: "destination",
      title: "Reachable",
      message: "It answers.",
      current: null,
      remedy: null,
      code: null,
      ...check,
    })),
    shards: [],
    destination,
    use: null,
  };
}

export type TestControl = {
  readonly control: Control;
  readonly runner: FakeRunner;
  readonly directory: string;
  readonly database: OpenDatabase["db"];
  /** What control said of failures that harm no task. */
  readonly failures: readonly string[];
  close(): Promise<void>;
};

/** The control on a database in `directory`, with checks that pass and shard syncs that obey the test. */
export function openTestControl(
  options: { directory?: string; runPrechecks?: RunPrechecks; secret?: string; now?: () => number } = {},
): TestControl {
  const database = openDatabase(options.directory ?? temporaryFolder());
  const failures: string[] = [];
  let runner: FakeRunner | undefined;
  const control = openControl({
    database,
    box: openSecretBox(database.directory, options.secret),
    runPrechecks: options.runPrechecks ?? (async () => checksOf()),
    runner: (listener) => {
      runner = new FakeRunner(listener);
      return runner;
    },
    onFailure: (what) => failures.push(what),
    ...(options.now ? { now: options.now } : {}),
  });
  control.begin();
  let open = true;
  const close = async () => {
    if (!open) return;
    open = false;
    await control.close();
    database.close();
  };
  onTestFinished(close);
  return {
    control,
    runner: runner!,
    directory: database.directory,
    database: database.db,
    failures,
    close,
  };
}
