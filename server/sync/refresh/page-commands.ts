import { encodeCommand } from "../../redis/encode-command.ts";
import { answerWatch } from "../commands/answer-watch.ts";
import { commandSample } from "../commands/command-sample.ts";
import { doubtfulMember } from "../doubtful/doubtful-keys.ts";
import { doubtfulKeysKey, loneStraysKey, straysKey } from "../own-keys.ts";
import type { ShardSyncSpec } from "../shard-sync-spec.ts";
import { shardIdsByIndex, shardNamesByIndex } from "../strays/shard-places.ts";
import type { SiblingSources } from "../strays/sibling-sources.ts";
import { loneMember, strayMember } from "../strays/stray-registry.ts";
import type { TaskMerge } from "../strays/task-merge.ts";
import type { StreamInjection } from "../stream/stream-injection.ts";
import type { Absence } from "./absent-keys.ts";
import type { DumpedKey } from "./key-dump.ts";
import { restoreCommands } from "./key-restore.ts";
import { isStray, type NotedKey } from "./noted-key.ts";
import type { RefresherExpiry } from "./refresher-expiry.ts";

type Commands = StreamInjection["commands"][number][];

/** What is applied for one noted key, at the offset at which the shard has been asked for it. */
export type PageCommands = {
  readonly commands: Commands;
  /** What the stream knows from that place on. */
  readonly onPlaced: () => void;
  /** It stays noted, and is decided another time. */
  readonly stays: boolean;
};

const STAYS: PageCommands = { commands: [], onPlaced: () => {}, stays: true };
const NOTHING: PageCommands = { commands: [], onPlaced: () => {}, stays: false };

export type PageCommandsOptions = {
  readonly spec: ShardSyncSpec;
  readonly expiry: RefresherExpiry;
  readonly merge: TaskMerge;
  readonly siblings: SiblingSources;
  readonly giveUp: (key: NotedKey, reason: string) => void;
};

/** Turns what a shard says of a noted key, and what its absence would mean, into what is applied on the destination. */
export class PageBuilder {
  readonly #options: PageCommandsOptions;
  readonly #shardIds: readonly string[];
  readonly #shardNames: readonly string[];

  constructor(options: PageCommandsOptions) {
    this.#options = options;
    this.#shardIds = shardIdsByIndex(options.spec);
    this.#shardNames = shardNamesByIndex(options.spec);
  }

  /** Whether the value is wanted, or only whether it is there. */
  wantsValue(noted: NotedKey): boolean {
    if (isStray(noted)) return this.#options.merge.registry.isLone(noted.target, noted.key);
    return noted.doubt !== "ask";
  }

  async build(noted: NotedKey, dumped: DumpedKey, absence: Absence): Promise<PageCommands> {
    if (noted.doubt === "ask") return NOTHING;
    return dumped.held ? await this.#held(noted, dumped) : await this.#absent(noted, absence);
  }

  async #held(noted: NotedKey, dumped: DumpedKey): Promise<PageCommands> {
    const { registry } = this.#options.merge;
    const { target, key } = noted;
    const lone = registry.isLone(target, key);
    const onPlaced = () => {
      if (isStray(noted)) registry.addKnown(target, key);
      if (lone) registry.setLone(target, key, false);
    };
    if (isStray(noted) && !lone) return { commands: [], onPlaced, stays: false };
    // It became its owner's between two looks, and is not at hand.
    if (dumped.payload === null) return STAYS;
    const commands = await this.#restore(noted, dumped);
    if (lone) commands.push(this.#own("SREM", this.#lone(), loneMember(target, key)));
    return { commands, onPlaced, stays: false };
  }

  async #absent(noted: NotedKey, absence: Absence): Promise<PageCommands> {
    const { merge, spec } = this.#options;
    const { registry, counts } = merge;
    const { target, key } = noted;
    switch (absence.kind) {
      case "unknown":
        return STAYS;
      case "nothing":
        return NOTHING;
      case "too-large":
        this.#options.giveUp(noted, "its stray is too large to be copied while the stream waits");
        return NOTHING;
      case "elsewhere": {
        for (const holder of absence.holders) counts.collision(target, key, this.#shardNames[holder]!);
        const commands = absence.holders.map((holder) =>
          this.#tell(spec.taskId, this.#shardIds[holder]!, noted),
        );
        return { commands, onPlaced: () => {}, stays: false };
      }
      case "lone": {
        const name = this.#shardNames[absence.holder]!;
        const commands = await this.#restore(noted, absence.value);
        commands.push(this.#own("SADD", this.#lone(), loneMember(target, key)));
        const onPlaced = () => {
          registry.addKnown(target, key);
          registry.setLone(target, key, true);
          counts.lone(target, key, name);
          if (absence.ambiguous) counts.ambiguous(target, key, name);
        };
        return { commands, onPlaced, stays: false };
      }
      case "delete":
        return this.#deleted(noted);
    }
  }

  /** Nobody of the task held it when they were asked. Whoever does now writes it again. */
  #deleted(noted: NotedKey): PageCommands {
    const { merge, siblings, spec } = this.#options;
    const { registry } = merge;
    const { target, key } = noted;
    const commands: Commands = [{ bytes: encodeCommand(["DEL", key]), target }];
    if (registry.isKnown(target, key) || isStray(noted)) {
      const members = siblings.indices.map((holder) => strayMember(holder, target, key));
      commands.push(this.#own("ZREM", straysKey(spec.taskId, spec.shardId), ...members));
      commands.push(this.#own("SREM", this.#lone(), loneMember(target, key)));
    }
    for (const [taskId, shardId] of this.#others(noted)) commands.push(this.#tell(taskId, shardId, noted));
    const onPlaced = () => {
      registry.forget(target, key);
      registry.setLone(target, key, false);
    };
    return { commands, onPlaced, stays: false };
  }

  /**
   * Who may have written the key since they were asked: neighbors, and where no key has an owner, the task's other
   * shards. With one, only its owner's shard sync writes it.
   */
  #others({ doubt }: NotedKey): (readonly [taskId: string, shardId: string])[] {
    const { merge, siblings, spec } = this.#options;
    const neighbors = doubt === "merge" ? merge.neighbors() : [];
    const others = neighbors.flatMap(({ taskId, shardIds }) => shardIds.map((id) => [taskId, id] as const));
    if (merge.ownership !== null) return others;
    return [...others, ...siblings.indices.map((index) => [spec.taskId, this.#shardIds[index]!] as const)];
  }

  async #restore(noted: NotedKey, dumped: DumpedKey): Promise<Commands> {
    const { doubt, db, target, key } = noted;
    const { spec, expiry } = this.#options;
    const { shade, ledger, abilities, now } = expiry;
    const expireAt = dumped.expireAt < 0 ? -1 : shade.inStream(db, target, key, dumped.expireAt);
    try {
      const { commands, restores, losses } = await restoreCommands(key, dumped, expireAt, abilities, {
        decode: doubt === "decode",
        now: now(),
        role: `shard ${spec.shardName}`,
      });
      for (const { code, text } of losses) {
        const sample = () => commandSample([key], 1);
        ledger.refusals.add("rejected", "doubtful key", db, code, text, sample);
      }
      // The key has left the set by then, so what RESTORE does not know is noted anew, to be decoded.
      const watch = answerWatch({
        answered: ({ error }) => {
          if (error !== null) ledger.doubtful.doubt("decode", db, key);
          return error !== null;
        },
        unanswered: () => void ledger.doubtful.doubt("copy", db, key),
      });
      return commands.map((bytes, index) =>
        restores && index === commands.length - 1 ? { bytes, target, watch } : { bytes, target },
      );
    } catch (error) {
      const reason = error instanceof Error ? error.message.replace(/\.$/, "") : String(error);
      this.#options.giveUp(noted, reason);
      return [];
    }
  }

  /** Another shard sync is told that the key is gone: if its shard holds it, it writes it again. */
  #tell(taskId: string, shardId: string, { target, key }: NotedKey): Commands[number] {
    return this.#own("SADD", doubtfulKeysKey(taskId, shardId), doubtfulMember("restore", target, key));
  }

  #lone(): string {
    const { taskId, shardId } = this.#options.spec;
    return loneStraysKey(taskId, shardId);
  }

  #own(...args: (string | Buffer)[]): Commands[number] {
    return { bytes: encodeCommand(args), target: this.#options.spec.checkpointDb };
  }
}
