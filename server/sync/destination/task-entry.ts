import { hostname } from "node:os";

const MOST_NAME = 128;
const MOST_SHARDS = 1024;

/** What a task says of itself to the others on its destination. */
export type TaskEntry = {
  readonly name: string;
  readonly shards: readonly { readonly id: string; readonly name: string }[];
  /** Those of the destination that it writes into; null for any. */
  readonly databases: readonly number[] | null;
  /** Those of its shards that it reads; null for any, or where an older version did not say. */
  readonly sources: readonly number[] | null;
  /** Of the machine that its engine runs on. */
  readonly host: string;
  /** ms since the epoch, by that machine's clock. */
  readonly startedAt: number;
  readonly seenAt: number;
  /** When it wrote for the last time; null while it may go on. */
  readonly leftAt: number | null;
};

export function formatTaskEntry(
  entry: Omit<TaskEntry, "host" | "leftAt"> & Partial<Pick<TaskEntry, "host" | "leftAt">>,
): string {
  return JSON.stringify({ v: 1, host: hostname(), leftAt: null, ...entry });
}

/** What cannot be read is an entry all the same: of somebody who may write anywhere. */
export function parseTaskEntry(taskId: string, text: string): TaskEntry {
  let value: Partial<Record<keyof TaskEntry, unknown>> = {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null) value = parsed;
  } catch {
    // As an empty one.
  }
  const { name, shards, databases, sources, host, startedAt, seenAt, leftAt } = value;
  return {
    name: textOf(name) || taskId,
    shards: Array.isArray(shards) ? shards.slice(0, MOST_SHARDS).map(shardOf) : [],
    databases: numbersOf(databases),
    sources: numbersOf(sources),
    host: textOf(host),
    startedAt: numberOf(startedAt) ?? 0,
    seenAt: numberOf(seenAt) ?? 0,
    leftAt: numberOf(leftAt),
  };
}

function numbersOf(value: unknown): number[] | null {
  return Array.isArray(value) && value.every((db) => Number.isInteger(db)) ? value : null;
}

function shardOf(value: unknown): { id: string; name: string } {
  const { id, name } = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  return { id: textOf(id), name: textOf(name) };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value.slice(0, MOST_NAME) : "";
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
