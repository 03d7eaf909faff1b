import { releaseOf } from "../redis/server-info.ts";
import { OWN_PREFIX } from "../sync/checkpoint/own-keys.ts";
import type { ReadConnection } from "./read-connection.ts";
import { Refused } from "./reply-reader.ts";

/** What a server has and permits of the commands that verification would like to use. */
export type Abilities = {
  /** MEMORY USAGE, from 4.0 on. */
  readonly memoryUsage: boolean;
  /** PEXPIRETIME, from 7.0 on. */
  readonly exactExpiry: boolean;
  readonly dump: boolean;
  /** HPEXPIRETIME, from Redis 7.4 and Valkey 9.0 on. */
  readonly fieldExpiry: boolean;
  /** ms by which an expiry may be other than it was meant: up to 6.2 a master tells relative ones (redis: t_string.c). */
  readonly expirySlackMs: number;
};

/** A second: what a relative expiry may have waited in the stream. */
const RELATIVE_SLACK_MS = 1000;

/** Asks for each of them once, for a key that nobody has. */
export async function abilitiesOf(connection: ReadConnection): Promise<Abilities> {
  const key = `${OWN_PREFIX}verify`;
  const replies = await connection.ask(null, (batch) => {
    batch.command("MEMORY", "USAGE", key);
    batch.command("PEXPIRETIME", key);
    batch.command("DUMP", key);
    batch.command("HPEXPIRETIME", key, "FIELDS", "1", "f");
  });
  const [memoryUsage, exactExpiry, dump, fieldExpiry] = replies.map((reply) => !(reply instanceof Refused));
  return {
    memoryUsage: memoryUsage!,
    exactExpiry: exactExpiry!,
    dump: dump!,
    fieldExpiry: fieldExpiry!,
    expirySlackMs: releaseOf(connection.facts.redisVersion) < 700 ? RELATIVE_SLACK_MS : 0,
  };
}
