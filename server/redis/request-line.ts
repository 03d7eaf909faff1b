import type { ErrorCode } from "../errors/catalogue.ts";
import { knowSecret, withoutSecrets } from "../errors/known-secrets.ts";
import { TributaryError } from "../errors/tributary-error.ts";
import { encodeCommand } from "./encode-command.ts";
import type { RedisEndpoint } from "./endpoint.ts";
import type { RedisSocket } from "./redis-socket.ts";
import { authError, toTributaryError } from "./reply-error.ts";

/** A status or error line longer than this is no Redis'. */
const longestLine = 64 * 1024;

/**
 * Sends one command and returns the first line of its answer, without the line end and with its type byte:
 * "+PONG", "-ERR …". For the exchange at the start of a connection, one command at a time. What follows the
 * line stays unread for whoever takes the socket next.
 * @param timeoutMs of silence; bare newlines, which a master sends to keep the link alive, start it anew.
 * @throws TributaryError CONNECT_FAILED (closed), CONNECT_TIMEOUT, NOT_REDIS, TLS_FAILED (the port wants it).
 */
export async function handshakeLine(
  socket: RedisSocket,
  args: readonly string[],
  timeoutMs: number,
): Promise<string> {
  socket.write(encodeCommand(args));
  return await nextLine(socket, timeoutMs, args[0] ?? "");
}

/** The next line that is not empty, without sending anything; `asked` names in errors what is answered. */
function nextLine(socket: RedisSocket, timeoutMs: number, asked: string): Promise<string> {
  const { role, address } = socket;
  return new Promise((resolve, reject) => {
    let settled = false;
    let line = "";
    let blank = 0;
    const settle = (error: TributaryError | null) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      socket.setOnBytes(null);
      if (error === null) resolve(line);
      else reject(error);
    };
    const fail = (code: ErrorCode, detail: string) =>
      settle(new TributaryError(code, { role, address, detail, seconds: timeoutMs / 1000 }));
    const timer = setTimeout(() => fail("CONNECT_TIMEOUT", ""), timeoutMs);
    // biome-ignore lint/complexity/noExcessiveCognitiveComplexity: a line that comes byte by byte, with its end, its limits and its time-out in one place
    const take = (chunk: Uint8Array) => {
      timer.refresh();
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
      for (let at = 0; at < bytes.length; ) {
        const newline = bytes.indexOf(0x0a, at);
        const part = bytes.toString("latin1", at, newline === -1 ? bytes.length : newline);
        // Only a line's first byte is looked at: to look into a line that grows byte by byte would copy it each time.
        if (line === "" && part !== "" && !"+-:$*\r".includes(part.charAt(0))) return notRedis(part, fail);
        line += part;
        if (line.length > longestLine) return fail("NOT_REDIS", "its answer has no end");
        if (newline === -1) return;
        at = newline + 1;
        if (line.endsWith("\r")) line = line.slice(0, -1);
        // A master says one newline a second: this is a day of them.
        if (line === "" && ++blank > longestLine) return fail("NOT_REDIS", "its answer has no end");
        if (line !== "") {
          socket.unread(bytes.subarray(at));
          return settle(null);
        }
      }
    };
    void socket.closed.then((why) => fail("CONNECT_FAILED", `${why} instead of an answer to ${asked}`));
    socket.setOnBytes(take);
  });
}

/**
 * Sends one command whose answer is a string, and returns it; an answer of another kind comes back as its first line.
 * What follows the answer stays unread.
 * @param timeoutMs of silence.
 * @throws TributaryError as handshakeLine does.
 */
export async function bulkReply(
  socket: RedisSocket,
  args: readonly string[],
  timeoutMs: number,
): Promise<string> {
  const head = await handshakeLine(socket, args, timeoutMs);
  const length = Number(/^\$(\d{1,7})$/.exec(head)?.[1] ?? -1);
  return length < 0 ? head : await stringOf(socket, length, timeoutMs, args[0] ?? "");
}

/** The next `length` bytes, without the line end that comes after them. */
function stringOf(socket: RedisSocket, length: number, timeoutMs: number, asked: string): Promise<string> {
  const { role, address } = socket;
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let missing = length + 2;
    let ended = false;
    const end = (error: TributaryError | null) => {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      socket.setOnBytes(null);
      if (error !== null) reject(error);
      else resolve(Buffer.concat(pieces).toString("utf8", 0, length));
    };
    const fail = (code: ErrorCode, detail: string) =>
      end(new TributaryError(code, { role, address, detail, seconds: timeoutMs / 1000 }));
    const timer = setTimeout(() => fail("CONNECT_TIMEOUT", ""), timeoutMs);
    void socket.closed.then((why) => fail("CONNECT_FAILED", `${why} instead of an answer to ${asked}`));
    socket.setOnBytes((chunk) => {
      timer.refresh();
      const taken = Math.min(missing, chunk.length);
      pieces.push(Buffer.from(chunk.subarray(0, taken)));
      missing -= taken;
      if (missing > 0) return;
      socket.unread(chunk.subarray(taken));
      end(null);
    });
  });
}

/** Sends one command and returns the first line of its answer: see handshakeLine. */
export type Request = (args: readonly string[]) => Promise<string>;

/**
 * Enters a server: AUTH where the endpoint has a password, then PING. What it returns sends further commands
 * one by one. A PING that is refused for want of a permission, or by a replica without its master, or during
 * a long script, is passed over: it is a Redis, and the next command will say what is the matter.
 * @param options timeoutMs of silence in each answer.
 * @throws TributaryError AUTH_REQUIRED, AUTH_FAILED, SERVER_LOADING, NOT_REDIS, and those of handshakeLine.
 */
export async function openConversation(
  socket: RedisSocket,
  endpoint: RedisEndpoint,
  options: { readonly timeoutMs: number },
): Promise<Request> {
  const { role, address } = socket;
  const request: Request = (args) => handshakeLine(socket, args, options.timeoutMs);
  if (endpoint.password !== null) {
    // The default user's name is left out: before 6.0 AUTH takes the password alone.
    const user = endpoint.username === null || endpoint.username === "default" ? [] : [endpoint.username];
    knowSecret(endpoint.password);
    const reply = await request(["AUTH", ...user, endpoint.password]);
    // A password that is not needed does no harm: one password is often given for all of a pool's servers.
    const needless = user.length === 0 && /no password is set|without any password configured/.test(reply);
    if (reply.startsWith("-") && !needless) throw authError(reply, { role, address });
  }
  const pong = await request(["PING"]);
  if (pong.startsWith("-")) {
    const error = errorOf(pong, socket, "PING");
    if (/^(AUTH_|SERVER_LOADING$|CONNECT_FAILED$)/.test(error.code)) throw error;
  } else if (!pong.startsWith("+")) {
    throw new TributaryError("NOT_REDIS", { role, address, detail: "it does not answer PING with PONG" });
  }
  return request;
}

/** An error line ("-ERR …") as a TributaryError by its first word. */
export function errorOf(line: string, socket: RedisSocket, command: string): TributaryError {
  const { role, address } = socket;
  return toTributaryError(new Error(line.replace(/^-/, "")), { role, address, command });
}

function notRedis(line: string, fail: (code: ErrorCode, detail: string) => void): void {
  // A TLS port answers plain text with an alert record, whose first byte is 0x15.
  if (line.charCodeAt(0) === 0x15) {
    fail("TLS_FAILED", "that port speaks TLS only");
    return;
  }
  const shown = withoutSecrets(line.slice(0, 1_024))
    .slice(0, 40)
    .replace(/[^\x20-\x7e]/g, "?");
  fail("NOT_REDIS", `it answered ${JSON.stringify(shown)}`);
}
