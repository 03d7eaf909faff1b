import { CommandScanner } from "../redis/command-scanner.ts";
import type { RedisEndpoint } from "../redis/endpoint.ts";
import type { ServerFacts } from "../redis/server-info.ts";
import type { StreamPosition } from "../replica/psync-handshake.ts";
import { openReplicaLink } from "../replica/replica-link.ts";
import { isHeartbeatKey } from "../sync/checkpoint/own-keys.ts";
import { argumentAt } from "../sync/commands/command-arguments.ts";
import { type CommandRule, commandNamed, shownName } from "../sync/commands/command-names.ts";
import { knownKeys } from "../sync/commands/known-keys.ts";
import { pause } from "../sync/retry/pause.ts";

/** Bytes of a stream that are looked at; more of it holds more than PINGs and a heartbeat. */
const MOST_BYTES = 1024 * 1024;
/** ms for the source to answer and to send them. */
const PATIENCE_MS = 5000;
const LOOK_MS = 5;

/** Commands that change no key. */
const SILENT: ReadonlySet<CommandRule> = new Set([
  "ping",
  "replconf",
  "select",
  "multi",
  "exec",
  "publish",
  "vendor",
]);

/**
 * Whether a source's stream after `from` changes nothing but the heartbeat's key: its PINGs to other replicas, say, and
 * the DEL of a heartbeat that has expired. The source is asked as by a replica that goes on from
 * `from`, and only while its backlog holds that place, so that it makes no RDB.
 * @param facts of the source: how far its stream is looked at, and where its backlog begins.
 * @returns false, too, where that cannot be told.
 */
export async function changesNothing(
  endpoint: RedisEndpoint,
  role: string,
  facts: ServerFacts,
  from: StreamPosition,
  signal: AbortSignal,
): Promise<boolean> {
  const to = facts.masterReplOffset;
  const length = to - from.offset;
  if (length <= 0n) return true;
  if (length > BigInt(MOST_BYTES) || !isInBacklog(facts, from)) return false;
  const pieces: Buffer[] = [];
  const ended = new AbortController();
  const end = AbortSignal.any([signal, ended.signal, AbortSignal.timeout(PATIENCE_MS)]);
  try {
    const link = await openReplicaLink({
      endpoint,
      role,
      resume: from,
      ackOffset: () => from.offset,
      handshakeTimeoutMs: PATIENCE_MS,
      timeoutMs: PATIENCE_MS,
      signal: end,
      sink: {
        rdbBegin: () => ended.abort(),
        rdbBytes: () => {},
        rdbEnd: () => {},
        streamBytes: (chunk) => void pieces.push(Buffer.from(chunk)),
      },
    });
    try {
      if (link.kind === "full") return false;
      while (!end.aborted && link.receivedOffset() < to) await pause(LOOK_MS, end);
    } finally {
      await link.close();
    }
  } catch {
    signal.throwIfAborted();
    return false;
  }
  const bytes = Buffer.concat(pieces);
  return bytes.length >= Number(length) && isOwn(bytes.subarray(0, Number(length)), role);
}

/** redis: replication.c masterTryPartialResynchronization; what it does not find there costs it an RDB. */
function isInBacklog(facts: ServerFacts, { replid, offset }: StreamPosition): boolean {
  const { backlogFirstByteOffset, secondReplOffset } = facts;
  if (backlogFirstByteOffset === null || offset + 1n < backlogFirstByteOffset) return false;
  if (replid === facts.replid || (facts.replid === "" && replid === facts.runId)) return true;
  return replid === facts.replid2 && secondReplOffset !== null && offset + 1n <= secondReplOffset;
}

/** @param bytes whole commands of a stream; what is cut, or no command, is somebody else's. */
export function isOwn(bytes: Uint8Array, role: string): boolean {
  const scanner = new CommandScanner(role);
  let at = 0;
  try {
    while (at < bytes.length) {
      const next = scanner.scan(bytes, at, bytes.length);
      if (next < 0 || (scanner.argc > 0 && !isOwnCommand(bytes, scanner))) return false;
      at = next;
    }
  } catch {
    return false;
  }
  return true;
}

function isOwnCommand(bytes: Uint8Array, scanner: CommandScanner): boolean {
  const { name, rule } = commandNamed(shownName(argumentAt(bytes, scanner, 0)));
  if (SILENT.has(rule)) return true;
  const keys = knownKeys(name, bytes, scanner);
  return keys.length > 0 && keys.every((key) => isHeartbeatKey(key, 0, key.length));
}
