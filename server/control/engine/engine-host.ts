import { knowSecret } from "../../errors/known-secrets.ts";
import type { RedisEndpoint } from "../../redis/endpoint.ts";
import type { SourceAddresses } from "../../redis/source-addresses.ts";
import type { ShardReport } from "../../sync/report/shard-report.ts";
import { ShardSync } from "../../sync/shard-sync.ts";
import type { ShardSyncSpec } from "../../sync/spec/shard-sync-spec.ts";
import { type EngineCommand, type EngineMessage, type ShardCommand, shardKey } from "./engine-protocol.ts";
import { Heartbeat } from "./heartbeat.ts";

/**
 * Runs shard syncs as the commands say and answers with messages: all that one worker does. How commands come
 * in and messages go out is the caller's matter.
 */
export class EngineHost {
  readonly #running = new Map<string, { readonly sync: ShardSync; readonly ended: Promise<void> }>();
  readonly #send: (message: EngineMessage) => void;

  constructor(send: (message: EngineMessage) => void) {
    this.#send = send;
  }

  /** Resolves when the command is carried out; a `start` as soon as the shard sync runs. */
  async handle(command: EngineCommand): Promise<void> {
    if (command.type === "start") return this.#start(command.spec);
    if (command.type === "stop") {
      const key = shardKey(command.taskId, command.shardId);
      const { taskId, shardId, forgetCheckpoint, patient = false, forSwitch = false } = command;
      const running = this.#running.get(key);
      // It may have ended by itself while the command was on its way: that was said already, but is asked for.
      if (running === undefined) return this.#send({ type: "stopped", taskId, shardId });
      await running.sync.stop({ forgetCheckpoint, patient, forSwitch });
      return running.ended;
    }
    if (command.type !== "shutdown") return this.#tell(command);
    await Promise.all(
      [...this.#running.values()].map(async ({ sync, ended }) => {
        await sync.stop({ forgetCheckpoint: false });
        await ended;
      }),
    );
  }

  #tell(command: ShardCommand): void {
    const sync = this.#running.get(shardKey(command.taskId, command.shardId))?.sync;
    if (command.type === "decide") sync?.decide(command.decision);
    if (command.type === "resync") sync?.resync();
    if (command.type === "acknowledge") sync?.acknowledge();
    if (command.type === "repair") sync?.repair();
  }

  #start(spec: ShardSyncSpec): void {
    const key = shardKey(spec.taskId, spec.shardId);
    if (this.#running.has(key)) return;
    // Also those of its siblings and Sentinels, before anything is sent to them.
    for (const { password } of endpointsOf(spec)) knowSecret(password);
    const sync = new ShardSync(spec, {
      onReport: (report: ShardReport) => this.#send({ type: "report", report }),
    });
    this.#running.set(key, { sync, ended: this.#run(sync, spec, key) });
  }

  async #run(sync: ShardSync, spec: ShardSyncSpec, key: string): Promise<void> {
    const heartbeat =
      spec.heartbeatDb === null
        ? null
        : new Heartbeat(spec, spec.heartbeatDb, {
            master: () => sync.source,
            onProblem: (text) => sync.setHeartbeatProblem(text),
          });
    if (heartbeat === null) sync.setHeartbeatProblem("the heartbeat is switched off for this task");
    const beating = heartbeat?.run();
    await sync.run();
    heartbeat?.stop();
    await beating;
    this.#running.delete(key);
    this.#send({ type: "stopped", taskId: spec.taskId, shardId: spec.shardId });
  }
}

function endpointsOf(spec: ShardSyncSpec): RedisEndpoint[] {
  const of = ({ source, alternatives, sentinel }: SourceAddresses) => [
    source,
    ...alternatives,
    ...(sentinel?.sentinels ?? []),
  ];
  return [spec.destination, ...of(spec), ...spec.siblings.flatMap(of)];
}
