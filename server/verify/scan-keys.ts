import type { ReadConnection } from "./read-connection.ts";
import { listOf } from "./value-pair.ts";

/** Keys that a server looks at for one SCAN: well under a millisecond. */
const COUNT = "500";

/** All keys of a database that are there throughout, some of them more than once, in pages. @param prefix null for all. */
export async function* scanKeys(
  connection: ReadConnection,
  db: number,
  prefix: Buffer | null,
  signal: AbortSignal,
): AsyncGenerator<Buffer[]> {
  const match = prefix === null ? [] : ["MATCH", globOf(prefix)];
  let cursor = "0";
  do {
    signal.throwIfAborted();
    const reply = await connection.must(db, "SCAN", cursor, ...match, "COUNT", COUNT);
    if (!Array.isArray(reply)) return;
    cursor = String(reply[0]);
    const keys = listOf(reply[1]);
    if (keys.length > 0) yield keys;
  } while (cursor !== "0");
}

/** A pattern for what begins with these bytes (redis: util.c stringmatchlen). */
function globOf(prefix: Buffer): Buffer {
  const special = Buffer.from("*?[]\\^-");
  const bytes: number[] = [];
  for (const byte of prefix) {
    if (special.includes(byte)) bytes.push(92);
    bytes.push(byte);
  }
  return Buffer.from([...bytes, 42]);
}
