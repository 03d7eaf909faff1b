import type { Redis } from "ioredis";

/**
 * Has a master delete every key of the selected database that is due, and tell its replicas. It does so only when it
 * comes upon a key, and SCAN comes upon all of them. What was written in a key's last milliseconds may lie on the
 * destination, without an expiry, until then.
 *
 * redis: db.c scanGenericCommand
 */
export async function expireAllDue(master: Redis): Promise<void> {
  let cursor = "0";
  do [cursor] = await master.scan(cursor, "COUNT", 1000);
  while (cursor !== "0");
}
