import type { StreamLedger } from "../ledger/stream-ledger.ts";
import type { NotedKey } from "./noted-key.ts";

const KEYSPACE =
  "asks which keys there are (KEYS, SCAN, RANDOMKEY or DBSIZE), and the destination may hold others than the shard";
const UNDECLARED =
  "writes keys that it does not declare, and has read a key that may have expired on the destination a moment too early";

/**
 * Tells, once for each script, what its prelude has noted of it among the doubtful keys (script-prelude.ts); the shard
 * differs from then on.
 * @param forget takes what has been told out of the set.
 */
export async function reportScriptNotes(
  noted: readonly (NotedKey | null)[],
  ledger: StreamLedger,
  forget: (told: readonly Buffer[]) => Promise<unknown>,
): Promise<void> {
  const told: Buffer[] = [];
  for (const one of noted) {
    if (one?.doubt !== "script") continue;
    told.push(one.member);
    const [code = "", sha = ""] = one.key.toString("latin1").split(" ");
    const why = code === "keyspace" ? KEYSPACE : UNDECLARED;
    const message = `The script ${sha} ${why}. What it writes is copied from the shard. Keys that it has made up on the shard alone may differ: compare them with the shard.`;
    // Each time: a copy of the shard that came in between has put right what was noted before.
    ledger.differences.note(code === "keyspace" ? "SCRIPT_KEYSPACE" : "SCRIPT_UNDECLARED", message);
    ledger.alertOnce(code === "keyspace" ? "script-keyspace" : "script-undeclared", sha, message);
  }
  if (told.length > 0) await forget(told);
}
