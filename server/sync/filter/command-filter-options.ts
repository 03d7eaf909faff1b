import type { CommandDowngrade } from "../commands/command-downgrade.ts";
import type { ExpiryRewriter } from "../expiry/expiry-rewriter.ts";
import type { FunctionLibraries } from "../scripting/function-libraries.ts";
import type { ScriptRewriter } from "../scripting/script-rewriter.ts";
import type { DestinationDatabases } from "../spec/database-map.ts";
import type { DatabaseMap, PublishPolicy } from "../spec/shard-sync-spec.ts";
import type { KeyJudge } from "../strays/key-judge.ts";

export type CommandFilterOptions = {
  readonly databases: DatabaseMap;
  /** Those that the destination has. */
  readonly present: DestinationDatabases;
  /** The source's database that is selected where the stream begins. */
  readonly db: number;
  readonly expiries: ExpiryRewriter;
  readonly downgrade: CommandDowngrade;
  readonly scripts: ScriptRewriter;
  readonly functions: FunctionLibraries;
  readonly judge: KeyJudge;
  /** What the destination takes in one argument, bytes; without a bound unless given. */
  readonly maxBulkBytes?: number;
  readonly publish: PublishPolicy;
  /** Keys of the destination's databases that are not written; null where there are none. */
  readonly kept?: ((db: number, key: Uint8Array) => boolean) | null;
  /** The task has no other shard. */
  readonly alone: boolean;
};
