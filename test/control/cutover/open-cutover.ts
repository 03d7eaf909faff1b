import { onTestFinished } from "vitest";
import { openDatabase } from "../../../db/open-database.ts";
import { openControl } from "../../../server/control/control.ts";
import type { CutoverBounds } from "../../../server/control/cutover/cutover-gates.ts";
import { WorkerPool } from "../../../server/control/engine/worker-pool.ts";
import { openSecretBox } from "../../../server/control/secrets/secret-box.ts";
import type { CutoverStep } from "../../../server/control/tasks/cutover-state.ts";
import { runPrechecks } from "../../../server/precheck/run-prechecks.ts";
import { until } from "../../servers/index.ts";

export const ann = { by: "Ann", from: null } as const;

/** As in production, but for the waiting. */
const bounds: Partial<CutoverBounds> = { lagForMs: 500, quietForMs: 2000, equalForMs: 1000 };

/** The control with real shard syncs in threads, and with gates that open sooner. */
export function openForCutover(directory: string) {
  const database = openDatabase(directory);
  const failures: string[] = [];
  const control = openControl({
    database,
    box: openSecretBox(directory, undefined),
    runPrechecks,
    runner: (listener) => new WorkerPool({ ...listener, size: 2 }),
    onFailure: (what) => failures.push(what),
    cutoverBounds: bounds,
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
  return { control, database: database.db, directory, close, failures };
}

export type OpenForCutover = ReturnType<typeof openForCutover>;

/** Leads one task's cutover. */
export class CutoverForTest {
  readonly #open: OpenForCutover;
  readonly #id: string;

  constructor(open: OpenForCutover, id: string) {
    this.#open = open;
    this.#id = id;
  }

  get view() {
    return this.#open.control.cutover(this.#id);
  }

  get step(): CutoverStep | undefined {
    return this.view.cutover?.state.step;
  }

  begin(): this {
    this.#open.control.beginCutover(this.#id, ann);
    return this;
  }

  gate(name: string) {
    return this.view.gates.find((gate) => gate.name === name);
  }

  override(name: Parameters<OpenForCutover["control"]["overrideGate"]>[1], reason = "a test"): void {
    this.#open.control.overrideGate(this.#id, name, reason, ann);
  }

  async at(step: CutoverStep): Promise<void> {
    await until(() => this.step === step, { what: `the cutover is at ${step}`, timeoutMs: 90_000 });
  }

  /** Waits until nothing stands against it, then goes on. */
  async proceed(): Promise<void> {
    const step = this.step!;
    await until(() => this.view.shut === null, {
      what: `the gates of ${step} open (${JSON.stringify(this.view.gates.filter(({ ok }) => !ok))})`,
      timeoutMs: 90_000,
    });
    this.order("proceed");
  }

  order(move: "proceed" | "back" | "leave"): void {
    const { name } = this.view.task;
    this.#open.control.orderCutover(this.#id, { step: this.step!, move, confirm: name }, ann);
  }

  /** Verifies all keys, so that the gate for that opens. */
  async verified(): Promise<void> {
    const { control } = this.#open;
    const before = control.verifications(this.#id).runs.length;
    const whole = { sample: 100, prefix: null, shardId: null, keysPerSecond: null, bytesPerSecond: null };
    control.verify(this.#id, { depth: "keys", ...whole });
    await until(() => control.verifications(this.#id).runs.length > before, {
      what: "it is verified",
      timeoutMs: 90_000,
    });
  }
}
