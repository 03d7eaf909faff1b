import { encodeCommand } from "../../redis/encode-command.ts";
import { doubtfulKeysKey, leftOutKeysKey, loneStraysKey, unheldKeysKey } from "../checkpoint/own-keys.ts";
import { answerWatch } from "../commands/answer-watch.ts";
import { commandSample } from "../commands/command-sample.ts";
import { doubtfulMember } from "../doubtful/doubtful-keys.ts";
import { leftOutMember } from "../doubtful/left-out-keys.ts";
import type { ShardSyncSpec } from "../spec/shard-sync-spec.ts";
import { shardIdsByIndex, shardNamesByIndex } from "../strays/shard-places.ts";
import type { SiblingSources } from "../strays/sibling-sources.ts";
import { loneMember } from "../strays/stray-registry.ts";
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
  /** The destination does not take the value: it is not there. */
  readonly leftOut?: true;
  /** Nobody holds it: copies of it need not be registered any longer. */
  readonly gone?: true;
};

const MOST_REPORTED = 100_000;

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
  /** Keys whose being left out has been said. */
  readonly #reported = new Set<string>();

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
    const page = dumped.held ? await this.#held(noted, dumped) : await this.#absent(noted, absence);
    if (page.stays) return page;
    const writes =
      page.commands.length > 0 && (dumped.held || absence.kind === "lone" || absence.kind === "delete");
    if (writes && dumped.held) this.#options.merge.wrote(noted.target, noted.key);
    return this.#noLongerLeftOut(noted, writes ? this.#noLongerUnheld(noted, page) : page);
  }

  /** What is written is what the shard has, or, where it has none, what the rule says. */
  #noLongerUnheld({ target, key }: NotedKey, page: PageCommands): PageCommands {
    const { unheld } = this.#options.merge;
    if (!unheld.has(target, key)) return page;
    const { taskId, shardId } = this.#options.spec;
    const settled = this.#own("SREM", unheldKeysKey(taskId, shardId), loneMember(target, key));
    const onPlaced = () => {
      page.onPlaced();
      unheld.written(target, key);
    };
    return { ...page, commands: [...page.commands, settled], onPlaced };
  }

  /** A value that is known to be wrong on the destination, and too large to be copied, is removed there. */
  tooLarge(noted: NotedKey, dumped: DumpedKey): PageCommands {
    const remove = { bytes: encodeCommand(["DEL", noted.key]), target: noted.target };
    if (!dumped.held)
      return this.#noLongerLeftOut(noted, { commands: [remove], onPlaced: () => {}, stays: false });
    const why = "it is too large to be copied while the stream waits";
    return {
      commands: [remove, this.#leaveOut(noted)],
      onPlaced: this.#leftOut(noted, why),
      stays: false,
      leftOut: true,
    };
  }

  #leaveOut({ db, key }: NotedKey): Commands[number] {
    const { taskId, shardId } = this.#options.spec;
    return this.#own("SADD", leftOutKeysKey(taskId, shardId), leftOutMember(db, key));
  }

  /** Said once: it may be tried again and again. */
  #leftOut({ db, key }: NotedKey, why: string): () => void {
    const { ledger } = this.#options.expiry;
    return () => {
      ledger.leftOut.add(db, key);
      const text = leftOutMember(db, key).toString("latin1");
      if (this.#reported.has(text)) return;
      if (this.#reported.size < MOST_REPORTED) this.#reported.add(text);
      ledger.keyLeftOut(db, commandSample([key], 1), why);
    };
  }

  /** What is on the destination now is what the shard holds. */
  #noLongerLeftOut(noted: NotedKey, page: PageCommands): PageCommands {
    const { ledger } = this.#options.expiry;
    const { db, key } = noted;
    if (page.leftOut === true || !ledger.leftOut.has(db, key)) return page;
    const { taskId, shardId } = this.#options.spec;
    const commands = [
      ...page.commands,
      this.#own("SREM", leftOutKeysKey(taskId, shardId), leftOutMember(db, key)),
    ];
    const onPlaced = () => {
      page.onPlaced();
      ledger.leftOut.delete(db, key);
    };
    return { ...page, commands, onPlaced };
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
    const { commands, leftOut } = await this.#restore(noted, dumped);
    if (lone) commands.push(this.#own("SREM", this.#lone(), loneMember(target, key)));
    if (leftOut === null) return { commands, onPlaced, stays: false };
    const placed = () => {
      onPlaced();
      leftOut();
    };
    return { commands, onPlaced: placed, stays: false, leftOut: true };
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
          this.#notify(spec.taskId, this.#shardIds[holder]!, noted),
        );
        return { commands, onPlaced: () => {}, stays: false };
      }
      case "lone": {
        const name = this.#shardNames[absence.holder]!;
        const { commands } = await this.#restore(noted, absence.value);
        commands.push(this.#own("SADD", this.#lone(), loneMember(target, key)));
        const onPlaced = () => {
          registry.addKnown(target, key);
          registry.setLone(target, key, true);
          counts.lone(target, key, name);
          if (absence.ambiguous) counts.ambiguous(target, key, name);
        };
        return { commands, onPlaced, stays: false };
      }
      case "delete": {
        if (!this.#mayBeAnothers(noted)) return this.#deleted(noted);
        // Of a copy that is gone nothing has to be known any longer.
        const onPlaced = () => registry.forget(target, key);
        return { commands: [], onPlaced, stays: false, ...(isStray(noted) ? { gone: true } : {}) };
      }
    }
  }

  /**
   * That a copy is gone, or that a repair was asked for, does not say who has brought what lies there: a neighbor may
   * have, or somebody before the task. A lone stray's value was brought by this task.
   */
  #mayBeAnothers(noted: NotedKey): boolean {
    const { merge, former } = this.#options.expiry;
    const { doubt, target, key } = noted;
    if (doubt !== "repair" && (!isStray(noted) || merge.registry.isLone(target, key))) return false;
    return merge.hadNeighbors || former?.holds(target, key) === true;
  }

  /** Nobody of the task held it when they were asked. Whoever does now writes it again. */
  #deleted(noted: NotedKey): PageCommands {
    const { registry } = this.#options.merge;
    const { target, key } = noted;
    const commands: Commands = [{ bytes: encodeCommand(["DEL", key]), target }];
    const wasKnown = registry.isKnown(target, key) || isStray(noted);
    if (wasKnown) commands.push(this.#own("SREM", this.#lone(), loneMember(target, key)));
    for (const [taskId, shardId] of this.#others(noted)) commands.push(this.#notify(taskId, shardId, noted));
    const onPlaced = () => {
      registry.forget(target, key);
      registry.setLone(target, key, false);
    };
    return { commands, onPlaced, stays: false, ...(wasKnown ? { gone: true } : {}) };
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

  /** `leftOut` is to be called once the commands are placed, where the destination does not take the value. */
  async #restore(
    noted: NotedKey,
    dumped: DumpedKey,
  ): Promise<{ commands: Commands; leftOut: (() => void) | null }> {
    const { doubt, db, target, key } = noted;
    const { spec, expiry } = this.#options;
    const { heldBack, ledger, abilities, now } = expiry;
    const expireAt = dumped.expireAt < 0 ? -1 : heldBack.inStream(db, target, key, dumped.expireAt);
    const notes = heldBack.trueOnes.take().map((bytes) => ({ bytes, target: spec.checkpointDb }));
    try {
      const { commands, restores, losses } = await restoreCommands(key, dumped, expireAt, abilities, {
        decode: doubt === "decode",
        now: now(),
        role: `shard ${spec.shardName}`,
      });
      const tooLarge = losses.find(({ code }) => code === "PAST_LIMIT")?.text ?? null;
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
      const placed: Commands = commands.map((bytes, index) =>
        restores && index === commands.length - 1 ? { bytes, target, watch } : { bytes, target },
      );
      if (tooLarge === null) return { commands: [...notes, ...placed], leftOut: null };
      return { commands: [...placed, this.#leaveOut(noted)], leftOut: this.#leftOut(noted, tooLarge) };
    } catch (error) {
      const reason = error instanceof Error ? error.message.replace(/\.$/, "") : String(error);
      this.#options.giveUp(noted, reason);
      return { commands: [], leftOut: null };
    }
  }

  /** Another shard sync is told that the key is gone: if its shard holds it, it writes it again. */
  #notify(taskId: string, shardId: string, { target, key }: NotedKey): Commands[number] {
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
