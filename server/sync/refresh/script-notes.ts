import type { StreamLedger } from "../ledger/stream-ledger.ts";
import type { NotedKey } from "./noted-key.ts";

const COPIED = "What it writes is copied from the shard.";
const MADE_UP = "Keys that it has made up on the shard alone may differ: compare them with the shard.";

type Told = { readonly event: string; readonly difference: string; readonly text: string };

/** What is said of a script, by what is noted of it. */
const NOTES: ReadonlyMap<string, Told> = new Map([
  [
    "keyspace",
    {
      event: "script-keyspace",
      difference: "SCRIPT_KEYSPACE",
      text: `asks which keys there are (KEYS, SCAN, RANDOMKEY or DBSIZE), and the destination may hold others than the shard. ${COPIED} ${MADE_UP}`,
    },
  ],
  [
    "undeclared",
    {
      event: "script-undeclared",
      difference: "SCRIPT_UNDECLARED",
      text: `may write keys that it does not declare, and has read a key that may be another on the destination than on the shard: it is not there, and may have expired a moment too early, or it may be another shard's. ${COPIED} ${MADE_UP}`,
    },
  ],
  [
    "unknown",
    {
      event: "script-unknown",
      difference: "SCRIPT_UNKNOWN",
      text: `was called by its SHA1, and its body is not known: it was not run. The keys that the call names are copied from the shard; keys that it makes up by itself are not. Run SCRIPT LOAD with it on the shard, then copy the shard again.`,
    },
  ],
]);

/**
 * Tells, once for each script, what is noted of it among the doubtful keys (script-prelude.ts); the shard differs from
 * then on.
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
    const note = NOTES.get(code);
    if (note === undefined) continue;
    const message = `The script ${sha} ${note.text}`;
    // Each time: a copy of the shard that came in between has put right what was noted before.
    ledger.differences.note(note.difference, message);
    ledger.alertOnce(note.event, sha, message);
  }
  if (told.length === 0) return;
  await forget(told);
  ledger.doubtful.forget(told);
  ledger.doubtful.answeredFor(told);
}
