import { encodeCommand } from "../../redis/encode-command.ts";
import { doubtfulKeysKey, straysKey } from "../checkpoint/own-keys.ts";
import { doubtfulMember } from "../doubtful/doubtful-keys.ts";
import { strayMember } from "./stray-registry.ts";

/** Keys in one command. */
const MOST = 200;

type Notice = { readonly db: number; readonly key: Buffer; overwritten: boolean };

/**
 * Tells the owners of keys what this shard has of them. In: keys that are not this shard's, as they are met. Out:
 * commands for the checkpoint's database, which register the strays and have each owner's shard sync decide about them.
 * They belong into the transaction of the commands that were met, so that none is lost.
 */
export class StrayNotices {
  readonly #taskId: string;
  readonly #shardIds: readonly string[];
  readonly #self: number;
  readonly #now: () => number;
  /** By owner, then by database and key. */
  readonly #waiting = new Map<number, Map<string, Notice>>();
  #count = 0;

  /** @param shardIds of the task, by their index. @param self the index of this shard. */
  constructor(taskId: string, shardIds: readonly string[], self: number, now: () => number) {
    this.#taskId = taskId;
    this.#shardIds = shardIds;
    this.#self = self;
    this.#now = now;
  }

  /** How many wait to be told. */
  get waiting(): number {
    return this.#count;
  }

  /**
   * @param db the destination's. @param key is kept.
   * @param overwritten on the destination, too, although it is not this shard's: its owner is to write it again.
   */
  add(owner: number, db: number, key: Buffer, overwritten = false): void {
    let notices = this.#waiting.get(owner);
    if (notices === undefined) {
      notices = new Map();
      this.#waiting.set(owner, notices);
    }
    const name = `${db}:${key.toString("latin1")}`;
    const noted = notices.get(name);
    if (noted !== undefined) {
      noted.overwritten ||= overwritten;
      return;
    }
    notices.set(name, { db, key, overwritten });
    this.#count++;
  }

  /** What was met is met again. */
  clear(): void {
    this.#waiting.clear();
    this.#count = 0;
  }

  /**
   * The commands that tell what waits.
   * @param from an RDB does not say when its keys were written: what is known of that stays, else it is 0.
   */
  take(from: "stream" | "rdb" = "stream"): Buffer[] {
    const commands: Buffer[] = [];
    for (const [owner, notices] of this.#waiting) {
      const all = [...notices.values()];
      for (let at = 0; at < all.length; at += MOST) {
        commands.push(...this.#notify(this.#shardIds[owner]!, all.slice(at, at + MOST), from));
      }
    }
    this.clear();
    return commands;
  }

  #notify(ownerId: string, notices: readonly Notice[], from: "stream" | "rdb"): Buffer[] {
    const at = from === "rdb" ? "0" : String(this.#now());
    const registered = notices.flatMap(({ db, key }) => [at, strayMember(this.#self, db, key)]);
    const doubts = notices.flatMap(({ db, key, overwritten }) => {
      const stray = doubtfulMember("stray", db, key);
      return overwritten ? [stray, doubtfulMember("restore", db, key)] : [stray];
    });
    const known = from === "rdb" ? ["NX"] : [];
    return [
      encodeCommand(["ZADD", straysKey(this.#taskId, ownerId), ...known, ...registered]),
      encodeCommand(["SADD", doubtfulKeysKey(this.#taskId, ownerId), ...doubts]),
    ];
  }
}
