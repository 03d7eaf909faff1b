import type { Redis } from "ioredis";
import { onlyReplies } from "../../redis/client.ts";
import { releaseOf, type ServerFacts } from "../../redis/server-info.ts";
import { OWN_PREFIX } from "../checkpoint/own-keys.ts";

/** How large may be what is sent to a destination, bytes. Each is the server's own limit or below it. */
export type DestinationLimits = {
  /** In one string; what would make it longer is refused. Infinity where it is Redis' own 512 MB or more. */
  readonly maxStringBytes: number;
  /** In one argument of a command: at a longer one the connection is closed. */
  readonly maxBulkBytes: number;
  /** In one transaction: past it the connection is closed. Infinity where the server does not look at that. */
  readonly maxQueuedBytes: number;
};

const MiB = 1024 * 1024;
/** What sources hold their own to: nothing larger comes from one that was left as it is. */
const USUAL_BULK = 512 * MiB;
/** Of the limit of the query buffer, for what stands in it beside an argument. */
const MARGIN = 16 * 1024;

/**
 * Asks for proto-max-bulk-len and client-query-buffer-limit. A user who may not ask learns the first one from GETBIT,
 * which takes offsets within it from Redis 6.2 on; the second one is then taken for what Redis has it at, 1 GB.
 * redis: networking.c processMultibulkBuffer, readQueryFromClient; bitops.c getBitOffsetFromArgument
 */
export async function readLimits(control: Redis, facts: ServerFacts): Promise<DestinationLimits> {
  const bulk = (await setting(control, "proto-max-bulk-len")) ?? (await bulkByBits(control));
  const query = (await setting(control, "client-query-buffer-limit")) ?? Number.POSITIVE_INFINITY;
  const maxStringBytes = bulk >= USUAL_BULK ? Number.POSITIVE_INFINITY : bulk;
  const byQuery = query - MARGIN >= USUAL_BULK ? Number.POSITIVE_INFINITY : query - MARGIN;
  return {
    maxStringBytes,
    maxBulkBytes: Math.min(maxStringBytes, byQuery),
    maxQueuedBytes: countsQueue(facts) ? query - MARGIN : Number.POSITIVE_INFINITY,
  };
}

/** The arguments of a transaction's commands count as query buffer from Redis 7.2 and Valkey 7.2 on. */
function countsQueue({ redisVersion }: ServerFacts): boolean {
  return releaseOf(redisVersion) >= 702;
}

async function setting(control: Redis, name: string): Promise<number | null> {
  const answer = await control.call("CONFIG", "GET", name).catch(onlyReplies);
  const value = Array.isArray(answer) ? Number(answer[1]) : Number.NaN;
  return Number.isFinite(value) && value > 0 ? value : null;
}

async function bulkByBits(control: Redis): Promise<number> {
  const takes = (bytes: number) =>
    control.call("GETBIT", `${OWN_PREFIX}precheck`, bytes * 8 - 1).then(
      () => true,
      (error: unknown) => {
        onlyReplies(error);
        // Any other answer, such as NOPERM, says nothing of it.
        return !/bit offset/i.test(String((error as Error).message));
      },
    );
  if (await takes(USUAL_BULK)) return USUAL_BULK;
  let most = 0;
  let tooMuch = USUAL_BULK;
  while (tooMuch - most > 1) {
    const middle = Math.floor((most + tooMuch) / 2);
    if (await takes(middle)) most = middle;
    else tooMuch = middle;
  }
  return most;
}
