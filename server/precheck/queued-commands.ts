import type { Redis } from "ioredis";
import type { PlainReason } from "../errors/tributary-error.ts";
import { type Conversation, isReply } from "./server-probe.ts";

/**
 * Asks a server whether it would take commands without having them run: inside MULTI a command is looked up,
 * checked against the ACL, the memory limit and the read-only state, and queued (redis: server.c
 * processCommand); DISCARD forgets it. Works alike from 2.8 on.
 * @returns by command: null for taken, else why not. Empty when MULTI itself is refused.
 */
export async function queueCommands(
  conversation: Conversation,
  redis: Redis,
  commands: readonly (readonly [name: string, ...args: string[]])[],
): Promise<Map<string, PlainReason | null>> {
  const refusals = new Map<string, PlainReason | null>();
  try {
    await redis.call("MULTI");
  } catch (error) {
    const reason = conversation.refusal(error, "MULTI");
    return new Map([["MULTI", reason]]);
  }
  refusals.set("MULTI", null);
  try {
    for (const [name, ...args] of commands) {
      refusals.set(
        name,
        await redis.call(name, ...args).then(
          () => null,
          (error: unknown) => conversation.refusal(error, name),
        ),
      );
    }
  } finally {
    await redis.call("DISCARD").catch((error: unknown) => {
      // Without permission for DISCARD the queue goes with the connection.
      redis.disconnect();
      if (!isReply(error)) throw error;
    });
  }
  return refusals;
}
