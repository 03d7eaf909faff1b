import { and, asc, eq, isNotNull, sql } from "drizzle-orm";
import type { Database } from "../../../db/open-database.ts";
import { checkpoints, refusedCommands, scriptRuns, shards, tasks } from "../../../db/schema.ts";
import { mergeAnswers } from "../../sync/report/script-answers.ts";
import type { RefusedCommand, ScriptRuns } from "../../sync/report/shard-report.ts";
import { ringOf, type TaskRing } from "../plan/task-ring.ts";
import type { StoredEndpoint } from "../secrets/endpoint-secrets.ts";
import type { Acknowledgement, ShardFacts, ShardRecord, TaskChange, TaskRecord } from "./task-record.ts";

/** Tasks, their shards and what is remembered of these, in the database. */
export class TaskStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Oldest first. */
  loadAll(): TaskRecord[] {
    const shardRows = this.#db.select().from(shards).orderBy(asc(shards.position)).all();
    return this.#db
      .select()
      .from(tasks)
      .orderBy(asc(tasks.createdAt), asc(tasks.id))
      .all()
      .map((row) => {
        const destination = { endpoint: row.destination, secret: row.destinationSecret };
        const ofTask = shardRows.filter((shard) => shard.taskId === row.id).map(toShardRecord);
        const task = { ...row, destination, shards: ofTask } as TaskRecord;
        return { ...task, ring: task.ring ?? ringOfOlder(task) };
      });
  }

  insert(task: TaskRecord): void {
    this.#db.transaction((tx) => {
      const { shards: records, destination, ...columns } = task;
      tx.insert(tasks)
        .values({ ...columns, destination: destination.endpoint, destinationSecret: destination.secret })
        .run();
      records.forEach((shard, position) => {
        tx.insert(shards)
          .values({ ...shard, taskId: task.id, position })
          .run();
      });
    });
  }

  /** In one transaction, also what other stores of the same database write in it. */
  together(write: () => void): void {
    this.#db.transaction(write);
  }

  update(taskId: string, change: TaskChange): void {
    // Drizzle takes no empty change.
    if (Object.keys(change).length === 0) return;
    this.#db.update(tasks).set(change).where(eq(tasks.id, taskId)).run();
  }

  /** With its shards, events, refused commands and samples. */
  delete(taskId: string): void {
    this.#db.delete(tasks).where(eq(tasks.id, taskId)).run();
  }

  /** The last facts of each shard of the task, by shard id. */
  lastFacts(taskId: string): Map<string, ShardFacts> {
    const rows = this.#db.select().from(shards).where(eq(shards.taskId, taskId)).all();
    return new Map(
      rows.flatMap((row) => (row.lastReport === null ? [] : [[row.id, row.lastReport as ShardFacts]])),
    );
  }

  /** Remembers the facts, and the checkpoint in them. */
  saveFacts(facts: ShardFacts): void {
    const { taskId, shardId, checkpoint, at } = facts;
    this.#db
      .update(shards)
      .set({ lastReport: facts })
      .where(and(eq(shards.taskId, taskId), eq(shards.id, shardId)))
      .run();
    if (checkpoint === null) return;
    const seen = { ...checkpoint, seenAt: at };
    // The task may be gone by now: then there is no row to refer to.
    if (!this.#exists(taskId)) return;
    this.#db
      .insert(checkpoints)
      .values({ taskId, shardId, ...seen })
      .onConflictDoUpdate({ target: [checkpoints.taskId, checkpoints.shardId], set: seen })
      .run();
  }

  /** The ids of the task's shards of which a checkpoint has been seen. */
  withCheckpoint(taskId: string): Set<string> {
    const { shardId } = checkpoints;
    const rows = this.#db.select({ shardId }).from(checkpoints).where(eq(checkpoints.taskId, taskId)).all();
    return new Set(rows.map((row) => row.shardId));
  }

  /** Behind those that the task has; with them it is checked again at its next start. */
  addShards(taskId: string, records: readonly ShardRecord[], firstPosition: number): void {
    this.#db.transaction((tx) => {
      records.forEach((shard, index) => {
        tx.insert(shards)
          .values({ ...shard, taskId, position: firstPosition + index })
          .run();
      });
      tx.update(tasks).set({ prechecked: false }).where(eq(tasks.id, taskId)).run();
    });
  }

  /** Where the servers of a task are, and how it signs in there. */
  setConnections(
    taskId: string,
    records: readonly ShardRecord[],
    { endpoint, secret }: StoredEndpoint,
  ): void {
    for (const { id, ...shard } of records) {
      const { endpoint: at, secret: password, alternatives, sentinel } = shard;
      this.#db
        .update(shards)
        .set({ endpoint: at, secret: password, alternatives, sentinel })
        .where(and(eq(shards.taskId, taskId), eq(shards.id, id)))
        .run();
    }
    const destination = { destination: endpoint, destinationSecret: secret };
    this.#db.update(tasks).set(destination).where(eq(tasks.id, taskId)).run();
  }

  acknowledge(taskId: string, shardId: string, acknowledged: Acknowledgement): void {
    this.#db
      .update(shards)
      .set({ acknowledged })
      .where(and(eq(shards.taskId, taskId), eq(shards.id, shardId)))
      .run();
  }

  forgetCheckpoint(taskId: string, shardId: string): void {
    this.#db
      .delete(checkpoints)
      .where(and(eq(checkpoints.taskId, taskId), eq(checkpoints.shardId, shardId)))
      .run();
  }

  /** Adds the increments to what is known of the same command. */
  mergeRefused(taskId: string, shardId: string, increments: readonly RefusedCommand[]): void {
    if (!this.#exists(taskId)) return;
    for (const increment of increments) {
      this.#db
        .insert(refusedCommands)
        .values({ taskId, shardId, ...increment })
        .onConflictDoUpdate({
          target: [
            refusedCommands.taskId,
            refusedCommands.shardId,
            refusedCommands.kind,
            refusedCommands.command,
            refusedCommands.db,
            refusedCommands.reasonCode,
          ],
          set: {
            count: sql`${refusedCommands.count} + ${increment.count}`,
            reason: increment.reason,
            lastAt: increment.lastAt,
            samples: sql`case when json_array_length(${refusedCommands.samples}) > 0
              then ${refusedCommands.samples} else ${JSON.stringify(increment.samples)} end`,
          },
        })
        .run();
    }
  }

  /** The most frequent first, at most 200. */
  refused(taskId: string, shardId: string): RefusedCommand[] {
    return this.#db
      .select()
      .from(refusedCommands)
      .where(and(eq(refusedCommands.taskId, taskId), eq(refusedCommands.shardId, shardId)))
      .orderBy(sql`${refusedCommands.count} desc`)
      .limit(200)
      .all()
      .map(({ taskId: _, shardId: __, ...command }) => command as RefusedCommand);
  }

  /** Adds the increments to what is known of the same script. */
  mergeScripts(taskId: string, shardId: string, increments: readonly ScriptRuns[]): void {
    if (!this.#exists(taskId)) return;
    for (const { ran, failed, answers, ...latest } of increments) {
      const known = this.#db
        .select({ answers: scriptRuns.answers })
        .from(scriptRuns)
        .where(
          and(eq(scriptRuns.taskId, taskId), eq(scriptRuns.shardId, shardId), eq(scriptRuns.sha, latest.sha)),
        )
        .get();
      const merged = mergeAnswers(known?.answers ?? [], answers);
      this.#db
        .insert(scriptRuns)
        .values({ taskId, shardId, ran, failed, answers: merged, ...latest })
        .onConflictDoUpdate({
          target: [scriptRuns.taskId, scriptRuns.shardId, scriptRuns.sha],
          set: {
            ...latest,
            answers: merged,
            ran: sql`${scriptRuns.ran} + ${ran}`,
            failed: sql`${scriptRuns.failed} + ${failed}`,
          },
        })
        .run();
    }
  }

  /** Those that have failed most first, at most 100. */
  scripts(taskId: string, shardId: string): ScriptRuns[] {
    return this.#db
      .select()
      .from(scriptRuns)
      .where(and(eq(scriptRuns.taskId, taskId), eq(scriptRuns.shardId, shardId)))
      .orderBy(sql`${scriptRuns.failed} desc, ${scriptRuns.ran} desc`)
      .limit(100)
      .all()
      .map(({ taskId: _, shardId: __, ...runs }) => runs);
  }

  /** Sums since the task was created, by shard id. */
  refusedTotals(taskId: string): Map<string, { skipped: number; rejected: number }> {
    const rows = this.#db
      .select({
        shardId: refusedCommands.shardId,
        skipped: sql<number>`sum(case when kind = 'skipped' then count else 0 end)`,
        rejected: sql<number>`sum(case when kind = 'rejected' then count else 0 end)`,
      })
      .from(refusedCommands)
      .where(eq(refusedCommands.taskId, taskId))
      .groupBy(refusedCommands.shardId)
      .all();
    return new Map(rows.map((row) => [row.shardId, { skipped: row.skipped, rejected: row.rejected }]));
  }

  #exists(taskId: string): boolean {
    return this.#db.select({ id: tasks.id }).from(tasks).where(eq(tasks.id, taskId)).get() !== undefined;
  }
}

/** Whether any password lies sealed in the database. */
export function holdsPasswords(db: Database): boolean {
  const ofTask = db.select({ id: tasks.id }).from(tasks).where(isNotNull(tasks.destinationSecret)).get();
  // Further servers and Sentinels have theirs within: they come with one of these, or stand alone.
  const ofShard = sql`${shards.secret} is not null
    or exists (select 1 from json_each(${shards.alternatives}) where json_extract(value, '$.secret') is not null)
    or exists (select 1 from json_each(${shards.sentinel}, '$.sentinels') where json_extract(value, '$.secret') is not null)`;
  return ofTask !== undefined || db.select({ id: shards.id }).from(shards).where(ofShard).get() !== undefined;
}

/** A task that was made before rings were kept has one shard for each name of its pool. */
function ringOfOlder({ source, shards: ofTask }: TaskRecord): TaskRing | null {
  if (source.kind === "shards") return null;
  return ringOf(source.pool, (name) => ofTask.find((shard) => shard.name === name)!.id);
}

function toShardRecord(row: typeof shards.$inferSelect): ShardRecord {
  const { taskId: _, position: __, lastReport: ___, ...record } = row;
  return record as ShardRecord;
}
