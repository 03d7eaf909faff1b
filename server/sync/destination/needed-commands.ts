import { type Redis, ReplyError } from "ioredis";
import { onlyReplies } from "../../redis/client.ts";
import { OWN_PREFIX } from "../checkpoint/own-keys.ts";
import { ownStateErrorOf } from "./destination-answer.ts";

const key = `${OWN_PREFIX}precheck`;

/** What a shard sync needs whatever the shard holds, beside the commands that open the session. */
const NEEDED: readonly (readonly [string, ...string[]])[] = [
  ["select", "0"],
  ["hset", key, "a", "0"],
  ["hgetall", key],
  ["del", key],
  ["pexpireat", key, "1"],
  ["sadd", key, "a"],
  ["srem", key, "a"],
  ["smembers", key],
  ["scan", "0"],
];

/**
 * Finds out, before anything is written, whether the destination takes what a shard sync needs: without MULTI its
 * batches would be applied without their checkpoint, without DEL a list would be built on what is there. The commands
 * are queued and never run: the last one's arity is wrong, so that EXEC discards them all.
 * redis: server.c processCommand, multi.c execCommand
 * @returns whether RESTORE may be called, which can be done without.
 * @throws TributaryError DESTINATION_DENIED with the command, or another state of the destination to wait for.
 */
export async function requireCommands(control: Redis, address: string): Promise<{ restore: boolean }> {
  // Alone: what came behind a MULTI that is refused would be run.
  await control.call("multi").catch((error: unknown) => throwState(error, address, "MULTI"));
  const queued = NEEDED.map(([name, ...args]) =>
    control.call(name, ...args).catch((error: unknown) => throwState(error, address, name)),
  );
  const restore = control.call("restore", key, "0", "0").then(
    () => true,
    (error: unknown) => {
      if (!(error instanceof ReplyError)) throw error;
      return !/^NOPERM|^ERR unknown command/i.test((error as Error).message);
    },
  );
  const discarded = [
    control.call("get").catch(onlyReplies),
    control.call("exec").catch((error: unknown) => {
      // redis: multi.c execCommandAbort — what was wrong before EXEC has no words of its own.
      if (!/^EXECABORT Transaction discarded because of previous errors/.test(messageOf(error))) {
        throwState(error, address, "EXEC");
      }
    }),
  ];
  const answers = await Promise.allSettled([...queued, restore, ...discarded]);
  for (const answer of answers) if (answer.status === "rejected") throw answer.reason;
  return { restore: await restore };
}

function throwState(error: unknown, address: string, command: string): void {
  onlyReplies(error);
  const state = ownStateErrorOf(messageOf(error), address, command.toUpperCase());
  if (state !== null) throw state;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
