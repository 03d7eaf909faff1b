import type { CommandScanner } from "../../redis/command-scanner.ts";
import type { CommandName } from "../commands/command-names.ts";
import { type KnownKeysByRole, knownKeysByRole } from "../commands/known-keys.ts";
import { otherDb } from "../commands/other-database.ts";
import type { DoubtfulKeys } from "../doubtful/doubtful-keys.ts";
import { destinationDb } from "../spec/database-map.ts";
import type { DatabaseMap } from "../spec/shard-sync-spec.ts";
import type { TaskMerge } from "./task-merge.ts";

/** A database of the source, and where it goes. */
type Place = { readonly db: number; readonly target: number };

/**
 * Says of each command of the stream whether the destination may run it as the shard did. It may not where
 *
 * - its key is another shard's (a stray): then the owner's shard sync is told, which alone writes the key;
 * - what it reads may be other than on the shard: it has keys of other shards, or one of a lone stray, or one that the
 *   shard did not hold and the destination may, or, where no ring says whose a key is, several keys at all. What it
 *   wrote is then copied from the shard, at an exact offset.
 */
export class KeyJudge {
  readonly #merge: TaskMerge;
  readonly #doubtful: DoubtfulKeys;
  readonly #databases: DatabaseMap;

  constructor(merge: TaskMerge, doubtful: DoubtfulKeys, databases: DatabaseMap) {
    this.#merge = merge;
    this.#doubtful = doubtful;
    this.#databases = databases;
  }

  /** Whether anything is to be judged: of the only shard that writes there, nothing is. */
  get idle(): boolean {
    const { ownership, hasSiblings, hasNeighbors, unheld } = this.#merge;
    return ownership === null && !hasSiblings && !hasNeighbors && !unheld.some;
  }

  /**
   * @param db of the source, @param target of the destination.
   * @returns false where the command is not to be forwarded; all that follows from it is noted then.
   */
  passes(name: CommandName, db: number, target: number, bytes: Uint8Array, scanner: CommandScanner): boolean {
    if (name.keys === "one") {
      if (scanner.seen <= name.keyAt) return true;
      const there = name.rule === "move" ? this.#otherPlace(name, bytes, scanner) : null;
      const start = scanner.starts[name.keyAt]!;
      const end = scanner.ends[name.keyAt]!;
      if (this.#merge.ownership !== null) return this.#one(name, db, target, bytes, start, end, there);
      // Where it moves to, another shard's key may be in the way.
      if (there !== null) this.#copied(Buffer.from(bytes.subarray(start, end)), db, there);
      return there === null && this.#holds(name, db, target, bytes, start, end);
    }
    if (name.keys === "several") return this.#several(name, db, target, bytes, scanner);
    return true;
  }

  /**
   * Whether a script finds under the keys that it declares what it has found on the shard. Without a ring only those
   * are known to be others that the shard does not hold.
   */
  declaredAreOwn(name: CommandName, target: number, bytes: Uint8Array, scanner: CommandScanner): boolean {
    const { ownership, self, registry, unheld } = this.#merge;
    const { reads, writes } = knownKeysByRole(name.name, bytes, scanner);
    return [...reads, ...writes].every((key) => {
      if (unheld.some && unheld.has(target, key)) return false;
      return ownership === null || (ownership.ownerOf(key) === self && !registry.isLone(target, key));
    });
  }

  /** @param there where else the key is written by its name, by MOVE, or by COPY with DB; null without. */
  #one(
    name: CommandName,
    db: number,
    target: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    there: Place | null,
  ): boolean {
    const { ownership, self, registry } = this.#merge;
    const owner = ownership!.ownerAt(bytes, start, end);
    if (owner === self) {
      if (!this.#holds(name, db, target, bytes, start, end, there)) return false;
      if (!registry.anyKnown) return true;
      const lone =
        registry.isLone(target, bytes, start, end) ||
        (there !== null && registry.isLone(there.target, bytes, start, end));
      // One that may name several keys may do anything to the only one that it names.
      const mayRemove = name.mayRemove || name.keys === "several";
      if (!lone && !(mayRemove && registry.isKnown(target, bytes, start, end))) return true;
      const key = Buffer.from(bytes.subarray(start, end));
      if (lone) this.#copied(key, db, there);
      // Once this shard no longer holds it, a stale duplicate may become a lone stray.
      else this.#doubtful.doubt("stray", target, key);
      return !lone;
    }
    const key = Buffer.from(bytes.subarray(start, end));
    this.#setAside(owner, target, key);
    if (there !== null) this.#setAside(owner, there.target, key);
    return false;
  }

  /**
   * Of an own key: whether the destination has of it what the shard had before this command, or need not. Else it is
   * copied.
   */
  #holds(
    name: CommandName,
    db: number,
    target: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    there: Place | null = null,
  ): boolean {
    const { unheld } = this.#merge;
    if (!unheld.some) return true;
    if (there === null) {
      if (!unheld.has(target, bytes, start, end)) return true;
      if (name.keys === "one" && name.facts.blind === true && !name.mayRemove) {
        this.#merge.wrote(target, bytes.subarray(start, end));
        unheld.written(target, bytes, start, end);
        return true;
      }
    } else if (!unheld.has(target, bytes, start, end) && !unheld.has(there.target, bytes, start, end)) {
      return true;
    }
    this.#copied(Buffer.from(bytes.subarray(start, end)), db, there);
    return false;
  }

  #copied(key: Buffer, db: number, there: Place | null): void {
    this.#doubtful.doubt("merge", db, key);
    if (there !== null) this.#doubtful.doubt("merge", there.db, key);
  }

  #several(
    name: CommandName,
    db: number,
    target: number,
    bytes: Uint8Array,
    scanner: CommandScanner,
  ): boolean {
    const { ownership, self, registry, unheld, hasSiblings, hasNeighbors } = this.#merge;
    const alone = !hasSiblings && !hasNeighbors;
    if (alone && !unheld.some) return true;
    const keys = knownKeysByRole(name.name, bytes, scanner);
    const named = [...keys.reads, ...keys.writes];
    const isScript = name.facts.watch === "script";
    const copiesTo = name.rule === "copy" ? otherDb(name, bytes, scanner) : null;
    if (keys.unnamed === "none" && named.every((key) => key.equals(named[0]!))) {
      if (named.length === 0) return true;
      const there = this.#placeOf(copiesTo);
      const length = named[0]!.length;
      if (ownership !== null) return this.#one(name, db, target, named[0]!, 0, length, there);
      if (alone || copiesTo === null) return this.#holds(name, db, target, named[0]!, 0, length, there);
    }
    const written = keys.writes.flatMap((key, index): (Place & { readonly key: Buffer })[] => {
      // The key that COPY writes may lie in another database.
      const elsewhere = copiesTo !== null && index === keys.writes.length - 1;
      const place = elsewhere ? this.#placeOf(copiesTo) : { db, target };
      return place === null ? [] : [{ ...place, key }];
    });
    const isLone = written.some((one) => registry.isLone(one.target, one.key));
    const isUnheld =
      unheld.some &&
      (keys.unnamed !== "none" ||
        written.some((one) => unheld.has(one.target, one.key)) ||
        keys.reads.some((key) => unheld.has(target, key)));
    const asOne = alone || (ownership === null && this.#isBlind(keys, name));
    if (!isUnheld && (asOne || (ownership !== null && !isLone && this.#allHere(keys, name, target)))) {
      for (const one of written)
        if (registry.isKnown(one.target, one.key)) this.#doubtful.doubt("stray", one.target, one.key);
      return true;
    }
    for (const one of written) {
      const owner = ownership?.ownerOf(one.key) ?? self;
      if (owner === self) this.#doubtful.doubt("merge", one.db, one.key);
      else this.#setAside(owner, one.target, one.key, isScript);
    }
    // A script may do more than its keys say: it runs, and its keys are copied in any case.
    return isScript;
  }

  /** Without a ring: what it writes, it says. */
  #isBlind({ reads, unnamed }: KnownKeysByRole, { facts }: CommandName): boolean {
    return reads.length === 0 && unnamed === "none" && facts.keys.every((role) => role === "write");
  }

  /** What it reads and writes is on the destination what it is on this shard. */
  #allHere({ reads, writes, unnamed }: KnownKeysByRole, name: CommandName, target: number): boolean {
    const { ownership, self, registry, hasNeighbors } = this.#merge;
    if (hasNeighbors || (unnamed !== "none" && name.facts.watch !== "script")) return false;
    const own = (key: Buffer) => ownership!.ownerOf(key) === self;
    return reads.every((key) => own(key) && !registry.isLone(target, key)) && writes.every(own);
  }

  /** @param overwritten as StrayNotices.add. */
  #setAside(owner: number, db: number, key: Buffer, overwritten = false): void {
    const { ownership, notices, counts, shardNames } = this.#merge;
    counts.stray(db, key, shardNames[owner]!);
    if (!ownership!.ownerOnly || overwritten) notices.add(owner, db, key, overwritten);
  }

  #otherPlace(name: CommandName, bytes: Uint8Array, scanner: CommandScanner): Place | null {
    return this.#placeOf(otherDb(name, bytes, scanner));
  }

  /** null where the database is not synchronized. */
  #placeOf(db: number | null): Place | null {
    const target = db === null ? null : destinationDb(this.#databases, db);
    return db === null || target === null ? null : { db, target };
  }
}
