import { withoutSecrets } from "../errors/known-secrets.ts";
import { TributaryError } from "../errors/tributary-error.ts";
import type { RedisEndpoint } from "../redis/endpoint.ts";
import type { RedisSocket } from "../redis/redis-socket.ts";
import { errorOf, handshakeLine, openConversation, type Request } from "../redis/request-line.ts";

/** A place in a source's stream: `offset` is the last byte that was received (or applied), at a command's end. */
export type StreamPosition = { readonly replid: string; readonly offset: bigint };

export type PsyncOptions = {
  /** null asks for a full synchronization. */
  readonly resume: StreamPosition | null;
  /** Announced to Valkey, which chooses the RDB version by it; null announces none. */
  readonly version: string | null;
  /** ms of silence in each answer but PSYNC's. */
  readonly timeoutMs: number;
  /** ms of silence after PSYNC: a master with a BGSAVE under way answers only when that is done. */
  readonly psyncTimeoutMs: number;
  /** PSYNC's answer is held back: the master waits for the end of another BGSAVE. */
  readonly onWaiting?: () => void;
};

/** ms after which PSYNC's answer is taken to be held back. */
const promptAnswerMs = 500;

/** What the master granted. With `full` an RDB comes, and the stream's first byte is at offset + 1. */
export type PsyncAnswer = StreamPosition & { readonly kind: "full" | "partial" };

/**
 * Presents itself as a replica and asks for the stream: AUTH, PING, REPLCONF capa, REPLCONF version, PSYNC,
 * each answer read before the next command, since a master refuses a PSYNC that is pipelined (redis:
 * replication.c syncCommand "SYNC and PSYNC are invalid with pending output"). What follows PSYNC's answer
 * stays unread on the socket.
 *
 * No listening-port is announced: Sentinel would list every local port as one more replica, for good
 * (redis: sentinel.c sentinelRefreshInstanceInfo); without one a master knows port 0, as for redis-cli --rdb.
 * @throws TributaryError AUTH_*, SERVER_LOADING, NOT_REDIS, IS_NUTCRACKER (it hung up on REPLCONF, which a
 * Redis that dies just then does too), IS_SENTINEL, SOURCE_PSYNC_DENIED, SOURCE_NOT_READY,
 * SOURCE_BGSAVE_FAILED, SOURCE_PROTOCOL, and those of handshakeLine.
 */
export async function psyncHandshake(
  socket: RedisSocket,
  endpoint: RedisEndpoint,
  options: PsyncOptions,
): Promise<PsyncAnswer> {
  const { timeoutMs } = options;
  const request = await openConversation(socket, endpoint, { timeoutMs });
  await replconf(request, socket, ["capa", "eof", "capa", "psync2"]).catch((error: unknown) => {
    if (socket.open) throw error;
    // nutcracker answers PING by itself and hangs up on what it does not know (redis_parse_req).
    throw new TributaryError("IS_NUTCRACKER", { role: socket.role, address: socket.address });
  });
  if (options.version !== null) await replconf(request, socket, ["version", options.version]);

  const { resume } = options;
  const from = resume === null ? ["?", "-1"] : [resume.replid, String(resume.offset + 1n)];
  const waiting = setTimeout(() => options.onWaiting?.(), promptAnswerMs);
  const reply = await handshakeLine(socket, ["PSYNC", ...from], options.psyncTimeoutMs).finally(() =>
    clearTimeout(waiting),
  );
  if (reply.startsWith("-")) throw await psyncError(reply, socket, request);
  return readAnswer(reply, socket, resume);
}

/** Masters that do not know an option answer with an error and go on: `capa` came with 2.8.18. */
async function replconf(request: Request, socket: RedisSocket, options: readonly string[]): Promise<void> {
  const reply = await request(["REPLCONF", ...options]);
  if (reply.startsWith("-NOPERM") || reply.startsWith("-NOAUTH")) throw errorOf(reply, socket, "REPLCONF");
}

function readAnswer(reply: string, socket: RedisSocket, resume: StreamPosition | null): PsyncAnswer {
  const full = /^\+FULLRESYNC ([0-9A-Za-z]{40}) (\d{1,19})$/.exec(reply);
  if (full !== null) return { kind: "full", replid: full[1]!, offset: BigInt(full[2]!) };
  // After a failover the master has a replid of its own and still knows the former one up to the offset at
  // which they parted (redis: replication.c masterTryPartialResynchronization).
  const partial = /^\+CONTINUE(?: ([0-9A-Za-z]{40}))?$/.exec(reply);
  if (partial !== null && resume !== null) {
    return { kind: "partial", replid: partial[1] ?? resume.replid, offset: resume.offset };
  }
  throw protocolError(
    socket,
    `${JSON.stringify(withoutSecrets(reply.slice(0, 1_024)).slice(0, 80))} in answer to PSYNC`,
  );
}

async function psyncError(reply: string, socket: RedisSocket, request: Request): Promise<TributaryError> {
  const { role, address } = socket;
  const detail = withoutSecrets(reply.slice(1, 1_024)).slice(0, 200);
  if (/^-ERR unknown command|^-ERR wrong number of arguments/i.test(reply)) {
    // A Sentinel knows neither, and SENTINEL without arguments is known to nobody else.
    if (/wrong number of arguments/i.test(await request(["SENTINEL"]))) {
      return new TributaryError("IS_SENTINEL", { role, address });
    }
    const why = "it does not know PSYNC, which is renamed, disabled, or older than Redis 2.8";
    return new TributaryError("SOURCE_PSYNC_DENIED", { role, address, detail: why });
  }
  // redis: 2.8 to 4.0 answer so when the fork fails at once.
  if (/background save|BGSAVE/i.test(reply)) {
    return new TributaryError("SOURCE_BGSAVE_FAILED", { role, address, detail });
  }
  const error = errorOf(reply, socket, "PSYNC");
  const named = /^(AUTH_|SERVER_LOADING$|SOURCE_PSYNC_DENIED$)/.test(error.code);
  return named ? error : new TributaryError("SOURCE_NOT_READY", { role, address, detail });
}

export function protocolError(socket: RedisSocket, detail: string): TributaryError {
  const { role, address } = socket;
  return new TributaryError("SOURCE_PROTOCOL", { role, address, detail });
}
