import { type Redis, ReplyError } from "ioredis";
import { NO_CLIENT_ID } from "../../redis/harmless-commands.ts";

/** Rounds of CLIENT LIST and CLIENT KILL until no former writer is left. */
const KILL_ROUNDS = 50;

/**
 * Disconnects every connection whose name begins with `prefix` and waits until none is left: what such a
 * connection had sent and the server had not yet read is then discarded with it.
 * redis: networking.c clientCommand (KILL ID), freeClient
 */
export async function disconnectOthers(control: Redis, prefix: string): Promise<string | null> {
  try {
    // Asked of nobody first: without a former connection it would not be seen that it is forbidden.
    await control.client("KILL", "ID", NO_CLIENT_ID);
    for (let round = 0; round < KILL_ROUNDS; round++) {
      const list = String(await control.client("LIST"));
      const ids: string[] = [];
      for (const line of list.split("\n")) {
        const id = /(?:^| )id=(\d+)/.exec(line)?.[1];
        const name = /(?:^| )name=(\S*)/.exec(line)?.[1];
        if (id !== undefined && name?.startsWith(prefix)) ids.push(id);
      }
      if (ids.length === 0) return null;
      for (const id of ids) await control.client("KILL", "ID", id);
    }
    return "its connections would not close";
  } catch (error) {
    // A connection that breaks here says nothing about what is permitted.
    if (!(error instanceof ReplyError)) throw error;
    return String((error as Error).message);
  }
}
