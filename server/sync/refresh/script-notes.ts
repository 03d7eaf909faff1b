import type { StreamLedger } from "../ledger/stream-ledger.ts";
import type { NotedKey } from "./noted-key.ts";

/**
 * Tells, once for each script, what its prelude has noted of it among the doubtful keys (script-prelude.ts).
 * @param forget takes what has been told out of the set.
 */
export async function tellOfScripts(
  noted: readonly (NotedKey | null)[],
  ledger: StreamLedger,
  forget: (told: readonly Buffer[]) => Promise<unknown>,
): Promise<void> {
  const told: Buffer[] = [];
  for (const one of noted) {
    if (one?.doubt !== "script") continue;
    told.push(one.member);
    const [code = "", sha = ""] = one.key.toString("latin1").split(" ");
    if (code === "keyspace") {
      ledger.alertOnce(
        "script-keyspace",
        sha,
        `The script ${sha} asks which keys there are (KEYS, SCAN, RANDOMKEY or DBSIZE), and the destination may hold others than the shard. What it writes is copied from the shard. Keys that it has made up on the shard alone may differ: compare them with the shard.`,
      );
    } else {
      ledger.alertOnce(
        "script-undeclared",
        sha,
        `The script ${sha} writes keys that it does not declare, and has read a key that may have expired on the destination a moment too early. What it has written is copied from the shard. Keys that it has made up on the shard alone may differ: compare them with the shard.`,
      );
    }
  }
  if (told.length > 0) await forget(told);
}
