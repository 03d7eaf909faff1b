import { type Doubt, doubtfulMember, parseDoubtfulKey } from "../doubtful/doubtful-keys.ts";
import { destinationDb, sourceDbs } from "../spec/database-map.ts";
import type { DatabaseMap } from "../spec/shard-sync-spec.ts";

/** A member of the set of doubtful keys, with its place on both sides. */
export type NotedKey = {
  readonly member: Buffer;
  readonly doubt: Doubt;
  /** Of the source. */
  readonly db: number;
  /** Of the destination. */
  readonly target: number;
  readonly key: Buffer;
};

/**
 * What another shard sync has noted names the destination's database: that is the same for both.
 * @returns null for a database that is not synchronized. @throws Error on what Tributary did not write.
 */
export function notedKey(member: Buffer, databases: DatabaseMap): NotedKey | null {
  const { doubt, db, key } = parseDoubtfulKey(member);
  if (doubt === "stray" || doubt === "taken" || doubt === "restore") {
    const [source] = sourceDbs(databases, db);
    return source === undefined ? null : { member, doubt, db: source, target: db, key };
  }
  const target = destinationDb(databases, db);
  return target === null ? null : { member, doubt, db, target, key };
}

/** It was noted by another shard sync, or since another shard has a copy of it. */
export function isStray({ doubt }: Pick<NotedKey, "doubt">): boolean {
  return doubt === "stray" || doubt === "taken";
}

/** As it lies in the set while it is being decided. */
export function takenKey(noted: NotedKey): NotedKey {
  if (noted.doubt !== "stray") return noted;
  return { ...noted, doubt: "taken", member: doubtfulMember("taken", noted.target, noted.key) };
}

/** The members that it has had in the set. */
export function membersOf({ doubt, member, target, key }: NotedKey): Buffer[] {
  return doubt === "taken" ? [member, doubtfulMember("stray", target, key)] : [member];
}
