import { type RdbDestination, restoreVersionFor } from "../../rdb/rdb-version.ts";
import { releaseOf } from "../../redis/server-info.ts";

/** What the destination's version lets the initial sync use. */
export type DestinationAbilities = {
  readonly server: RdbDestination;
  /** The Redis version that the server says it is compatible with. */
  readonly redisVersion: string;
  /** How many databases it has; Infinity where that is not known. */
  readonly databases: number;
  /** Names of its modules: the values of those whose type has the same name can be RESTOREd. */
  readonly modules: readonly string[];
  /** SET key value PXAT ms (6.2). */
  readonly setPxat: boolean;
  /** SET key value KEEPTTL (6.0). */
  readonly setKeepTtl: boolean;
  /** RESTORE … ABSTTL, IDLETIME, FREQ (5.0). */
  readonly restoreAbsTtl: boolean;
  /** RESTORE … REPLACE (3.0). */
  readonly restoreReplace: boolean;
  /** Bytes in one argument, and in one transaction. */
  readonly maxBulkBytes: number;
  readonly maxQueuedBytes: number;
  /** FUNCTION LOAD (7.0). */
  readonly functions: boolean;
  /** The version for the footer of a RESTORE payload of this value type; null where it must be decoded. */
  restoreVersion(type: number): number | null;
};

/**
 * @param redisVersion the Redis version that the server says it is compatible with.
 * @param databases how many it has.
 */
export function abilitiesOf(
  server: RdbDestination & { readonly modules?: readonly string[]; readonly maxQueuedBytes?: number },
  redisVersion: string,
  databases = Number.POSITIVE_INFINITY,
): DestinationAbilities {
  const release = releaseOf(redisVersion);
  const versions = new Map<number, number | null>();
  return {
    server,
    databases,
    modules: server.modules ?? [],
    redisVersion,
    maxBulkBytes: server.maxBulkBytes ?? Number.POSITIVE_INFINITY,
    maxQueuedBytes: server.maxQueuedBytes ?? Number.POSITIVE_INFINITY,
    setPxat: release >= 602,
    setKeepTtl: release >= 600,
    restoreAbsTtl: release >= 500,
    restoreReplace: release >= 300,
    functions: release >= 700,
    restoreVersion(type) {
      let version = versions.get(type);
      if (version === undefined) {
        version = restoreVersionFor(type, server);
        versions.set(type, version);
      }
      return version;
    },
  };
}
