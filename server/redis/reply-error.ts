import type { ErrorCode } from "../errors/catalogue.ts";
import { withoutSecrets } from "../errors/known-secrets.ts";
import { type ErrorDetails, TributaryError } from "../errors/tributary-error.ts";
import { refusedCommand } from "./refused-command.ts";

/** Whose answer it was: `role` is "the destination" or e.g. "shard alpha-1", as messages call it. */
export type ReplyErrorContext = {
  readonly role: string;
  /** host:port. */
  readonly address: string;
  /** The command that was answered, with its subcommand where it has one; never its other arguments. */
  readonly command?: string;
  /** The time limit of the client's commands, where that is not the usual one: for one that was not answered. */
  readonly seconds?: number;
};

/** Time that a command of a client has unless its owner says otherwise, ms. */
export const COMMAND_MS = 30_000;

/**
 * Any failure of a conversation with a Redis as a TributaryError: the error replies by their first word
 * (redis: server.c createSharedObjects), the errors of sockets and TLS by their code, the client's own by
 * their text. A TributaryError comes back as it is; what has no name becomes INTERNAL. The cause is not kept
 * on purpose: the client's errors carry the command's arguments, passwords included.
 */
export function toTributaryError(error: unknown, context: ReplyErrorContext): TributaryError {
  if (error instanceof TributaryError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const code = systemCode(error);
  const details: ErrorDetails = {
    seconds: COMMAND_MS / 1000,
    ...context,
    command: (context.command ?? "a command").toUpperCase(),
    detail: oneLine(text),
  };
  const make = (name: ErrorCode, more: ErrorDetails = {}) =>
    new TributaryError(name, { ...details, ...more });
  const refused = refusedCommand(text);

  if (code !== null) {
    if (code === "ECONNREFUSED") return make("CONNECT_REFUSED");
    if (brokenLink.has(code)) return make(linkLost(context));
    return make("CONNECT_FAILED");
  }
  if (CLOSED.test(text)) {
    return make(linkLost(context), { detail: "the connection is closed" });
  }
  if (/^Command timed out/.test(text)) return make("CONNECT_TIMEOUT");
  return make(codeOfReply(text, context), refused === null ? {} : { command: refused });
}

/**
 * An error of a conversation that nobody has named on its way: an answer, or what the client says when the connection is
 * gone or an answer stays out. Others, of a disk or of our own making, are none.
 */
export function isOfConversation(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof TributaryError) return false;
  return error.name === "ReplyError" || CLIENT_SAYS.test(error.message);
}

const CLOSED = /^Connection is closed|Stream isn't writeable|Command aborted due to connection close/;
const CLIENT_SAYS = new RegExp(`${CLOSED.source}|^Command timed out`);

/** True for the destination, whose errors have codes of their own. */
function isDestination(context: ReplyErrorContext): boolean {
  return /^the destination$/i.test(context.role);
}

function linkLost(context: ReplyErrorContext): ErrorCode {
  return isDestination(context) ? "DESTINATION_LINK_LOST" : "SOURCE_LINK_LOST";
}

function denied(context: ReplyErrorContext): ErrorCode {
  if (isDestination(context)) return "DESTINATION_DENIED";
  const name = context.command?.split(" ")[0]?.toUpperCase();
  return name === "PSYNC" || name === "REPLCONF" || name === "SYNC"
    ? "SOURCE_PSYNC_DENIED"
    : "SOURCE_COMMAND_DENIED";
}

function codeOfReply(text: string, context: ReplyErrorContext): ErrorCode {
  const word = /^-?([A-Z]+)\b/.exec(text)?.[1] ?? "";
  const destination = isDestination(context);
  switch (word) {
    case "NOAUTH":
      return "AUTH_REQUIRED";
    case "WRONGPASS":
      return "AUTH_FAILED";
    case "LOADING":
      return "SERVER_LOADING";
    case "NOPERM":
      return denied(context);
    case "OOM":
      return destination ? "DESTINATION_FULL" : "SOURCE_COMMAND_DENIED";
    case "READONLY":
      return destination ? "DESTINATION_READONLY" : "SOURCE_COMMAND_DENIED";
    case "DENIED":
      return "CONNECT_FAILED";
    case "BUSY":
    case "MASTERDOWN":
    case "NOMASTERLINK":
    case "MISCONF":
    case "NOREPLICAS":
    case "CLUSTERDOWN":
    case "TRYAGAIN":
      return destination ? "DESTINATION_BUSY" : "SOURCE_NOT_READY";
  }
  // redis: 2.8 says "ERR operation not permitted" to a command before AUTH, "ERR invalid password" to AUTH.
  if (/^ERR operation not permitted/.test(text)) return "AUTH_REQUIRED";
  if (/^ERR invalid password/.test(text)) return "AUTH_FAILED";
  if (/^ERR unknown (sub)?command|^ERR Unknown subcommand/i.test(text)) return denied(context);
  if (/^ERR max number of clients/.test(text)) return "CONNECT_FAILED";
  if (/^ERR Can't SYNC while not connected/.test(text)) return "SOURCE_NOT_READY";
  return "INTERNAL";
}

const brokenLink = new Set(["ECONNRESET", "EPIPE", "ECONNABORTED", "ENETRESET", "ETIMEDOUT"]);

function systemCode(error: unknown): string | null {
  if (typeof error !== "object" || error === null || !("code" in error)) return null;
  return typeof error.code === "string" ? error.code : null;
}

/**
 * The refusal of AUTH or HELLO. Nothing of its text is kept but the words by which Redis itself says what is the matter:
 * the rest can repeat the password, in whatever form.
 */
export function authError(text: string, context: Omit<ReplyErrorContext, "command">): TributaryError {
  const said =
    /^-?(NOAUTH|LOADING|BUSY|MASTERDOWN|NOMASTERLINK|CLUSTERDOWN|DENIED|ERR max number of clients)\b/.exec(
      text,
    );
  if (said === null) return new TributaryError("AUTH_FAILED", { ...context });
  return toTributaryError(new Error(said[1]), { ...context, command: "AUTH" });
}

function oneLine(text: string): string {
  // Before it is cut: the half of a password would not be known again.
  return withoutSecrets(text)
    .replace(/[\r\n]+/g, " ")
    .replace(/\.\s*$/, "")
    .slice(0, 200);
}
