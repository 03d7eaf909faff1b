import { encodeCommand } from "../../redis/encode-command.ts";
import { doubtfulMember } from "../doubtful/doubtful-keys.ts";
import { doubtfulKeysKey, straysKey } from "../own-keys.ts";
import { strayMember } from "./stray-registry.ts";

/** Keys in one command. */
const MOST = 200;

type Notice = { readonly db: number; readonly key: Buffer };

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

  /** @param db the destination's. @param key is kept. */
  add(owner: number, db: number, key: Buffer): void {
    let notices = this.#waiting.get(owner);
    if (notices === undefined) {
      notices = new Map();
      this.#waiting.set(owner, notices);
    }
    const name = `${db}:${key.toString("latin1")}`;
    if (notices.has(name)) return;
    notices.set(name, { db, key });
    this.#count++;
  }

  /** What was met is met again. */
  clear(): void {
    this.#waiting.clear();
    this.#count = 0;
  }

  /** The commands that tell what waits. */
  take(): Buffer[] {
    const commands: Buffer[] = [];
    for (const [owner, notices] of this.#waiting) {
      const all = [...notices.values()];
      for (let at = 0; at < all.length; at += MOST) {
        commands.push(...this.#tell(this.#shardIds[owner]!, all.slice(at, at + MOST)));
      }
    }
    this.clear();
    return commands;
  }

  #tell(ownerId: string, notices: readonly Notice[]): Buffer[] {
    const at = String(this.#now());
    const registered = notices.flatMap(({ db, key }) => [at, strayMember(this.#self, db, key)]);
    const doubts = notices.map(({ db, key }) => doubtfulMember("stray", db, key));
    return [
      encodeCommand(["ZADD", straysKey(this.#taskId, ownerId), ...registered]),
      encodeCommand(["SADD", doubtfulKeysKey(this.#taskId, ownerId), ...doubts]),
    ];
  }
}
