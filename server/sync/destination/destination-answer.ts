import type { ErrorCode } from "../../errors/catalogue.ts";
import { TributaryError } from "../../errors/tributary-error.ts";
import { isUnknownCommand, refusedCommand } from "../../redis/refused-command.ts";

/** Errors that say that nothing can be applied now, whatever the command; by the first word of the answer. */
const WAITING: Readonly<Record<string, ErrorCode>> = {
  OOM: "DESTINATION_FULL",
  READONLY: "DESTINATION_READONLY",
  NOPERM: "DESTINATION_DENIED",
  NOAUTH: "DESTINATION_DENIED",
  LOADING: "SERVER_LOADING",
  BUSY: "DESTINATION_BUSY",
  MASTERDOWN: "DESTINATION_BUSY",
  MISCONF: "DESTINATION_BUSY",
  NOREPLICAS: "DESTINATION_BUSY",
  CLUSTERDOWN: "DESTINATION_BUSY",
  TRYAGAIN: "DESTINATION_BUSY",
  MOVED: "DESTINATION_UNSUPPORTED",
  ASK: "DESTINATION_UNSUPPORTED",
};

/**
 * Sorts an error that the destination gave for a command. One that concerns the destination's state comes back
 * as the error to wait for; null means that the destination will never take this command.
 */
export function stateErrorOf(text: string, address: string, command: string): TributaryError | null {
  // redis: multi.c execCommandAbort — EXEC itself may carry the reason behind its own words.
  const bare = text.replace(/^EXECABORT Transaction discarded because of: /, "");
  const code = WAITING[/^[A-Z]+/.exec(bare)?.[0] ?? ""];
  if (code === undefined) return null;
  const named = refusedCommand(bare) ?? command;
  return new TributaryError(code, { role: "the destination", address, command: named, detail: bare });
}

/**
 * The same for a command of Tributary's own, which every destination of its version has: one that is not known was
 * renamed, and is waited for as one that is forbidden.
 */
export function ownStateErrorOf(text: string, address: string, command: string): TributaryError | null {
  const state = stateErrorOf(text, address, command);
  if (state !== null || !isUnknownCommand(text)) return state;
  const details = { role: "the destination", address, command: refusedCommand(text) ?? command };
  return new TributaryError("DESTINATION_DENIED", { ...details, detail: text });
}

/** A short stable code for a command that the destination refused. */
export function rejectionCode(text: string): string {
  if (/^ERR unknown (sub)?command/i.test(text)) return "UNKNOWN_COMMAND";
  if (/^ERR wrong number of arguments/i.test(text)) return "WRONG_ARITY";
  if (/^ERR .*(no such key)/i.test(text)) return "NO_SUCH_KEY";
  return /^[A-Z]+/.exec(text)?.[0] ?? "ERR";
}
