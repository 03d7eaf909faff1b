import { toTributaryError } from "../../redis/client.ts";
import { formatAddress } from "../../redis/endpoint.ts";
import { functionsKey, scriptsKey } from "../checkpoint/own-keys.ts";
import type { DestinationSession } from "../destination/destination-session.ts";
import type { StreamLedger } from "../ledger/stream-ledger.ts";
import type { ShardSyncSpec } from "../spec/shard-sync-spec.ts";
import { FunctionLibraries } from "./function-libraries.ts";
import { LIBRARIES_DIFFER } from "./library-agreement.ts";
import { ScriptLibrary } from "./script-library.ts";

/** What the destination keeps of the scripts and functions of a shard, for the time of one session. */
export type KeptScripts = {
  readonly library: ScriptLibrary;
  readonly functions: FunctionLibraries;
};

/** Reads it. @throws TributaryError of the destination. */
export async function readKeptScripts(
  session: DestinationSession,
  spec: ShardSyncSpec,
  ledger: StreamLedger,
): Promise<KeptScripts> {
  const read = (key: string) =>
    session.hash(key).catch((error: unknown) => {
      const address = formatAddress(spec.destination);
      throw toTributaryError(error, { role: "the destination", address, command: "HGETALL" });
    });
  const library = new ScriptLibrary();
  for (const [sha, body] of await read(scriptsKey(spec.taskId, spec.shardId))) library.add(sha, body);
  const functions = new FunctionLibraries({
    key: functionsKey(spec.taskId),
    shardId: spec.shardId,
    shardName: spec.shardName,
    supported: session.abilities.functions,
    known: await read(functionsKey(spec.taskId)),
    onReplaced: (message) => {
      ledger.differences.note(LIBRARIES_DIFFER, message);
      ledger.info("function-replaced", message);
    },
  });
  return { library, functions };
}
