import type { Redis } from "ioredis";

/**
 * An id that no connection comes to. CLIENT KILL must never be asked of 0, which stands for "no filter" before Redis 7.0:
 * every connection is closed then, those of replicas too (redis: 2.8 to 6.2 networking.c clientCommand).
 */
export const NO_CLIENT_ID = String(2 ** 53 - 1);

type Harmless = {
  /** Why a server from 2.8 on is not disturbed. */
  readonly reason: string;
  /** Which arguments of the command may be sent, its name left out; all unless given. */
  readonly when?: (args: readonly string[]) => boolean;
};

const reads = "reads, and blocks for no longer than its answer is long";
const ofConnection = "concerns this connection alone";
const none = (args: readonly string[]) => args.length === 0;

/**
 * All that Tributary may ask of a server that it only looks at: a shard, always; a destination before a check or a
 * session has found that it can be written to. Each is known to change and to disturb nothing from Redis 2.8 to 8 and in
 * Valkey. A read of a key that has expired removes it and says so to the replicas, as a read by anybody does.
 */
export const harmlessCommands: ReadonlyMap<string, Harmless> = new Map<string, Harmless>([
  ["AUTH", { reason: ofConnection }],
  ["PING", { reason: ofConnection, when: none }],
  ["ECHO", { reason: ofConnection }],
  ["SELECT", { reason: ofConnection }],
  ["CLIENT SETNAME", { reason: ofConnection }],
  ["CLIENT LIST", { reason: reads, when: none }],
  [
    "CLIENT KILL",
    {
      reason: "names a connection that there cannot be",
      when: ([filter = "", id, ...more]) =>
        filter.toUpperCase() === "ID" && id === NO_CLIENT_ID && none(more),
    },
  ],
  ["INFO", { reason: reads }],
  ["CONFIG GET", { reason: reads }],
  ["SENTINEL GET-MASTER-ADDR-BY-NAME", { reason: reads }],
  ["TIME", { reason: reads }],
  ["EXISTS", { reason: reads }],
  ["SCAN", { reason: reads }],
  ["PTTL", { reason: reads }],
  ["PEXPIRETIME", { reason: reads }],
  ["DUMP", { reason: reads }],
  ["MEMORY USAGE", { reason: `${reads}; of a large collection only a sample is counted` }],
  ["MULTI", { reason: ofConnection, when: none }],
  ["EXEC", { reason: "runs what stands in this list", when: none }],
  ["DISCARD", { reason: ofConnection, when: none }],
  ["REPLCONF", { reason: "states nothing without arguments", when: none }],
  [
    "PSYNC",
    {
      reason:
        "an offset that is no number is refused before a synchronization begins, from 7.0 on; older servers are asked within MULTI",
      when: ([replid, offset]) => replid === "?" && offset === "none",
    },
  ],
]);

/** @param args the command with its name. */
export function isHarmless([name = "", sub = "", ...rest]: readonly string[]): boolean {
  const [first, both] = [name.toUpperCase(), `${name} ${sub}`.toUpperCase()];
  const alone = harmlessCommands.get(first);
  if (alone !== undefined) return alone.when?.(sub === "" ? rest : [sub, ...rest]) ?? true;
  const pair = harmlessCommands.get(both);
  return pair !== undefined && (pair.when?.(rest) ?? true);
}

/**
 * Has a client refuse, before a byte is sent, whatever is not in the list above. Anything may be queued behind a MULTI
 * that the server has taken; it can then only be discarded: that asks whether a command is permitted, and does not run it
 * (redis: server.c processCommand, multi.c discardTransaction).
 */
export function allowOnlyHarmless(redis: Redis): void {
  const send = redis.sendCommand.bind(redis);
  let queuing = false;
  let onlyDiscard = false;
  redis.sendCommand = (command, stream) => {
    const args = [command.name, ...command.args.map(String)];
    const name = command.name.toUpperCase();
    if (name === "DISCARD" || name === "EXEC") {
      if (name === "EXEC" && onlyDiscard) throw new Error("what was queued may not be run on this server");
      queuing = false;
      onlyDiscard = false;
    } else if (!isHarmless(args)) {
      if (!queuing)
        throw new Error(`${args.slice(0, 2).join(" ")} may not be sent to a server that is only looked at`);
      onlyDiscard = true;
    }
    const answer = send(command, stream);
    if (name === "MULTI") {
      command.promise.then(
        () => {
          queuing = true;
        },
        () => {},
      );
    }
    return answer;
  };
}
