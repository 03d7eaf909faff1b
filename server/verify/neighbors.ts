import { checkpointKey, OWN_PREFIX } from "../sync/checkpoint/own-keys.ts";
import { isDestinationDb } from "../sync/spec/database-map.ts";
import type { Side } from "./look.ts";
import { scanKeys } from "./scan-keys.ts";
import type { VerifySpec } from "./verify-spec.ts";

/** The hash in which every task registers that writes to a destination. */
const TASKS = `${OWN_PREFIX}tasks`;
const CHECKPOINTS = Buffer.from(checkpointKey(""));

/** Another task that writes to the destination. */
export type Neighbor = {
  readonly taskId: string;
  /** As it calls itself; its id where it does not. */
  readonly name: string;
  /** Databases of the destination; null is all, or unknown. */
  readonly databases: readonly number[] | null;
};

/** Knows of the other tasks that write to the destination: what they alone hold is theirs, and no difference. */
export class Neighbors {
  readonly #spec: VerifySpec;
  readonly #signal: AbortSignal;
  readonly #known = new Map<string, Neighbor>();
  #dbs: readonly number[] = [];
  #scan: Promise<void> | null = null;

  constructor(spec: VerifySpec, signal: AbortSignal) {
    this.#spec = spec;
    this.#signal = signal;
  }

  /** Reads those that have registered, in each of these databases. */
  async read({ connection }: Side, dbs: readonly number[]): Promise<void> {
    this.#dbs = [...new Set([...dbs, this.#spec.checkpointDb])];
    for (const db of this.#dbs) {
      const reply = await connection.one(db, "HGETALL", TASKS);
      if (!Array.isArray(reply)) continue;
      for (let at = 0; at + 1 < reply.length; at += 2)
        this.#registered(String(reply[at]), String(reply[at + 1]));
    }
  }

  /**
   * Whether one of them writes into this database of the destination. Tasks of older versions have not registered:
   * their checkpoints are looked for, once.
   */
  async writeInto(destination: Side, db: number): Promise<boolean> {
    this.#scan ??= this.#scanFor(destination);
    await this.#scan;
    return this.overlapping.some(({ databases }) => databases === null || databases.includes(db));
  }

  async #scanFor({ connection }: Side): Promise<void> {
    for (const db of this.#dbs) {
      for await (const keys of scanKeys(connection, db, CHECKPOINTS, this.#signal)) {
        for (const key of keys) this.#met(key.toString("latin1", CHECKPOINTS.length));
      }
    }
  }

  #met(taskId: string): void {
    if (taskId === this.#spec.taskId || this.#known.has(taskId)) return;
    this.#known.set(taskId, { taskId, name: taskId, databases: null });
  }

  /** Those that write where this task does. */
  get overlapping(): Neighbor[] {
    return [...this.#known.values()].filter(
      ({ databases }) =>
        databases === null || databases.some((db) => isDestinationDb(this.#spec.databases, db)),
    );
  }

  #registered(taskId: string, text: string): void {
    if (taskId === this.#spec.taskId) return;
    let entry: { name?: unknown; databases?: unknown } = {};
    try {
      entry = Object(JSON.parse(text));
    } catch {
      // Of a later version: that it is there is all that is known.
    }
    const { name, databases } = entry;
    const dbs = Array.isArray(databases) && databases.every((db) => Number.isInteger(db)) ? databases : null;
    this.#known.set(taskId, { taskId, name: typeof name === "string" ? name : taskId, databases: dbs });
  }
}
