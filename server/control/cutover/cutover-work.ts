import { forgetCheckpoints } from "../supervisor/forget-checkpoints.ts";
import type { Actor } from "../tasks/actor.ts";
import type { TaskRun } from "../tasks/task-run.ts";
import { holdWrites, letWritesGo, removeHeartbeats } from "./held-writes.ts";
import type { CutoverContext, LedCutover } from "./led-cutover.ts";
import { writeSwitchFiles } from "./switch-file.ts";

/** ms that shard syncs are given to synchronize again after a restart. */
const RETURN_MS = 60_000;

// What goes on by itself at a step. Each may be broken off at any place and is then begun again.

/** The final verification runs, or has run: one that a restart has ended is begun again. */
export async function verifyFinally(
  run: TaskRun,
  led: LedCutover,
  { verifyJobs, now }: CutoverContext,
): Promise<void> {
  const { state } = led;
  if (state.step !== "verify") return;
  const { running, runs } = verifyJobs.view(run.record.id);
  if (running !== null) return;
  const { startedAt, depth } = state;
  if (startedAt !== null && runs.some((one) => one.startedAt >= startedAt)) return;
  led.write({ state: { ...state, startedAt: now() } }, `the final verification started (${depth})`, null);
  const whole = { sample: 100, prefix: null, shardId: null, keysPerSecond: null, bytesPerSecond: null };
  verifyJobs.start(run.record, { depth, ...whole });
}

/** The shard syncs apply the last of it and end; then nothing writes to the destination. */
export async function settle(run: TaskRun, led: LedCutover, context: CutoverContext): Promise<void> {
  const { supervisor, now } = context;
  const { heldWrites, overrides } = led.record;
  // After a restart they have to come back first: what does not synchronize has nothing that it could bring to its end.
  const waits = run.state().status !== "synchronizing" && now() - led.ledSince < RETURN_MS;
  if (waits && run.record.wanted === "running") return;
  const held = heldWrites !== null && heldWrites.until > now();
  // A shard that holds up writes takes no heartbeat and lets no key expire: it cannot be brought to its end.
  if (held) await letWritesGo(led.shardsAt(run));
  const forced = overrides.some(({ gate }) => gate === "at-rest");
  await supervisor.rest(run, (unrested) => {
    const { state } = led;
    if (state.step !== "settle") return false;
    const since = now();
    if (unrested.length > 0 && !forced) {
      const { depth, startedAt } = state;
      const why = unrested.join(" ");
      led.write(
        { state: { step: "verify", since, depth, startedAt, unrested } },
        `could not come to rest: ${why}`,
        null,
      );
      led.recall(run);
      supervisor.say(run, "cutover-not-rested", `The cutover could not go on: ${why}`, "alert");
      return false;
    }
    const what = "the shards came to rest";
    led.writeWith(run, { wanted: "paused", since }, { step: "switch", since, unrested }, what, null);
    const message = "All is applied, and nothing writes to the destination: switch the application.";
    supervisor.say(run, "cutover-rested", message);
    return true;
  });
  if (led.step !== "switch") return;
  if (held) await holdWrites(led.shardsAt(run), Math.max(1000, heldWrites.until - now()));
  writeSwitchFiles(run.record, context);
}

/** Tributary's keys leave both sides, and the task is finished for good. */
export async function finish(run: TaskRun, led: LedCutover, context: CutoverContext): Promise<void> {
  const { supervisor, box, report, now } = context;
  if (led.record.heldWrites !== null) await releaseWrites(run, led, null);
  const { heartbeatDb } = run.record;
  if (heartbeatDb !== null) await removeHeartbeats(led.shardsAt(run), heartbeatDb);
  await forgetCheckpoints(run.record, box);
  const since = now();
  const change = { wanted: "finished", cuttingOver: false, failure: null, since } as const;
  led.writeWith(run, change, { step: "finished", since }, "Tributary's keys were removed", null);
  supervisor.say(run, "task-finished", "The task is finished.");
  led.keepReport(report(run));
}

/** Lets writes on the shards go on, where they are held up. @param who null for what happens by itself. */
export async function releaseWrites(run: TaskRun, led: LedCutover, who: Actor | null): Promise<void> {
  const held = led.record.heldWrites;
  if (held === null) return;
  const agreed = new Set(held.shards.filter(({ problem }) => problem === null).map(({ id }) => id));
  const shards = await letWritesGo(led.shardsAt(run));
  const failed = shards.filter(({ id, problem }) => agreed.has(id) && problem !== null);
  const names = failed.map(({ name }) => name).join(", ");
  const what =
    failed.length === 0
      ? "writes on the shards go on"
      : `could not tell ${names} that writes go on: they do so by themselves at the limit`;
  led.write({ heldWrites: null }, what, who);
}
