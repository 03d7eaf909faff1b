import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { TaskView } from "../../server/control/views/task-view.ts";
import { compareUnion, describeDifferences } from "../../test/digest/compare-union.ts";
import { makeTemporaryFolder, removeTemporaryFolder } from "../../test/servers/temporary-folder.ts";
import { until } from "../../test/servers/until.ts";
import { fillMixed } from "../../test/traffic/fill-mixed.ts";
import { TrafficWriter } from "../../test/traffic/traffic-writer.ts";
import { apiClient } from "./api-client.ts";
import { type DemoServers, type Part, startServers } from "./demo-servers.ts";
import { demoEmail, newState, readState, writeState } from "./demo-state.ts";
import { destinationLine, milestones, shardLine } from "./progress-lines.ts";
import { Terminal } from "./terminal.ts";
import { startTributary } from "./tributary-process.ts";

const root = join(import.meta.dirname, "..", "..");
const initialKeys = 200_000;
const commandsPerSecond = 2_000;
/** What is left to do once all is synchronizing. */
const verifyLine = "Is it all there? Press Verify on the task's page.";

export type DemoOptions = {
  /** The data stays in .demo, and a later run goes on with it. */
  readonly keep: boolean;
  /** End when both shards are synchronizing and the destination equals them. */
  readonly once: boolean;
};

/** Runs the demo until Ctrl-C, a crash of one part, or, with `once`, its end. Returns the exit code. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const terminal = new Terminal(process.stdout);
  const folder = options.keep ? join(root, ".demo") : makeTemporaryFolder();
  const parts: Part[] = [];
  let stopping = false;
  let stop: (code: number) => void = () => {};
  const stopped = new Promise<number>((resolve) => {
    stop = resolve;
  });
  let signalledAt = Number.POSITIVE_INFINITY;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      // A second Ctrl-C does not wait: what is left is killed when this process exits. But npm passes the first
      // one on to a process that has had it from the terminal already.
      if (performance.now() - signalledAt > 500) process.exit(1);
      if (signalledAt === Number.POSITIVE_INFINITY) terminal.line();
      signalledAt = Math.min(signalledAt, performance.now());
      stop(0);
    });
  }
  const started = (part: Part) => {
    parts.push(part);
    void part.exited.then(async () => {
      if (stopping) return;
      const log = (await part.log().catch(() => "")).trimEnd().split("\n").slice(-15);
      terminal.failure(`${part.name} has stopped by itself (${part.exit()}). The end of its log:`);
      for (const line of log) terminal.line(`  ${line}`);
      stop(1);
    });
  };

  const play = playDemo(options, folder, terminal, started).catch(async (error: Error) => {
    // Where a part crashed, that is the reason, and it has been said.
    await sleep(50);
    if (!stopping) terminal.failure(error.message);
    return 1;
  });
  const code = await Promise.race([stopped, play]);
  stopping = true;
  terminal.line("stopping everything …");
  for (const part of parts.reverse()) await end(part, options.keep);
  if (!options.keep) removeTemporaryFolder(folder);
  terminal.line(options.keep ? "stopped; the data is kept in .demo" : "stopped; nothing is left behind");
  return code;
}

/** Kept data wants an orderly end; data that is thrown away does not. */
async function end(part: Part, orderly: boolean): Promise<void> {
  if (orderly) await Promise.race([part.kill("SIGTERM"), sleep(15_000)]);
  await part.kill("SIGKILL");
}

async function playDemo(
  options: DemoOptions,
  folder: string,
  terminal: Terminal,
  started: (part: Part) => void,
): Promise<number> {
  let state = (options.keep ? readState(folder) : null) ?? (await newState());
  terminal.heading("Tributary: a Twemproxy cluster flows into one Redis");
  const servers = await startServers(folder, state.ports, started);
  const [first, second] = servers.shards;
  terminal.fact("shard 1", `${first?.url}  (its replica: ${servers.replica.url})`);
  terminal.fact("shard 2", `${second?.url}`);
  terminal.fact("nutcracker", `${servers.nutcracker.url}  (${servers.nutcracker.configFile})`);
  terminal.fact("destination", servers.destination.url);
  if (state.taskId === null) {
    await fillMixed(servers.nutcracker.client, { keys: initialKeys, seed: 1, through: "nutcracker" });
    terminal.fact("data", `${initialKeys.toLocaleString("en-US")} keys of all types`);
  }
  const writer = new TrafficWriter(servers.nutcracker.client, {
    seed: Date.now() % 2 ** 31,
    prefix: "app:",
    keysPerType: 1_000,
    commandsPerSecond,
  }).start();
  terminal.fact("writer", `${commandsPerSecond.toLocaleString("en-US")} commands/s through nutcracker`);

  const login = { email: demoEmail, password: state.password };
  const url = await startTributary(root, folder, state.ports.tributary, login, started);
  if (options.keep) writeState(folder, state);
  const api = await apiClient(url, login);
  if (state.taskId === null) {
    const { id } = await api.task.create.mutate({
      name: "demo",
      source: {
        kind: "nutcracker",
        text: await readFile(servers.nutcracker.configFile, "utf8"),
        pool: "alpha",
      },
      destination: { address: servers.destination.url },
      start: true,
    });
    state = { ...state, taskId: id };
    if (options.keep) writeState(folder, state);
  }
  const taskId = state.taskId ?? "";
  terminal.line();
  terminal.line(`  Open ${terminal.link(`${url}/tasks/${taskId}`)}`);
  terminal.line(`  and sign in as ${login.email} with the password ${login.password}`);
  terminal.line(options.once ? "" : "  Ctrl-C stops everything.\n");

  let said = "";
  let saidAt = 0;
  for (;;) {
    const task = await api.task.get.query({ id: taskId });
    const now = `${milestones(task)} ${isSynchronizing(task)}`;
    if (terminal.isTerminal || now !== said || Date.now() - saidAt > 30_000) {
      const lines = [...task.shards.map(shardLine), destinationLine(task)];
      if (!options.once && isSynchronizing(task))
        lines.push(verifyLine, `Then lead the application over: ${url}/tasks/${taskId}/cutover`);
      terminal.block(lines.map((line) => `  ${line}`));
      said = now;
      saidAt = Date.now();
    }
    const failed = task.shards.find(({ status }) => status === "failed");
    if (options.once && failed !== undefined) throw new Error(`${failed.name}: ${failed.reason?.message}`);
    if (options.once && isSynchronizing(task)) return await proveEquality(servers, writer, terminal);
    await sleep(1_000);
  }
}

/** All shards have had their initial sync and a lag of under 5 seconds. */
function isSynchronizing(task: TaskView): boolean {
  return (
    task.shardsTotal > 0 &&
    task.shards.every(({ status, report }) => status === "synchronizing" && (report?.lag.seconds ?? 99) < 5)
  );
}

/** Lets the traffic run on for a moment, stops it, and compares the destination with the union of the shards. */
async function proveEquality(
  servers: DemoServers,
  writer: TrafficWriter,
  terminal: Terminal,
): Promise<number> {
  await sleep(3_000);
  await writer.stop();
  const clients = {
    shards: servers.shards.map(({ client }) => client),
    destination: servers.destination.client,
  };
  let comparison = await compareUnion(clients);
  await until(
    async () => {
      if (comparison.differences.length > 0) comparison = await compareUnion(clients);
      return comparison.differences.length === 0;
    },
    { what: "the destination equals the shards", timeoutMs: 20_000, everyMs: 500 },
  ).catch(() => {});
  const equal = comparison.differences.length === 0 && writer.errors.size === 0;
  terminal.line(
    `  ${writer.commands.toLocaleString("en-US")} commands were written; ${describeDifferences(comparison)}`,
  );
  for (const [text, times] of writer.errors)
    terminal.failure(`  the writer was answered ${times} times: ${text}`);
  return equal ? 0 : 1;
}
