import type { ErrorCode } from "../errors/catalogue.ts";
import { type ErrorDetails, type PlainReason, reasonOf } from "../errors/tributary-error.ts";
import type { CheckLevel, CheckResult } from "./precheck-report.ts";

/** What is so: where the check passes, and where it finds something. */
export type CheckTitles = { readonly ok: string; readonly found: string };

/** Makes the results of one check for one subject. */
export function checkOf(id: string, titles: CheckTitles, subject: string) {
  const result = (
    level: CheckLevel,
    message: string,
    remedy: string | null,
    current: string | null,
    code: ErrorCode | null,
  ): CheckResult => {
    const title = level === "ok" ? titles.ok : titles.found;
    return { id, level, subject, title, message, current, remedy, code };
  };
  return {
    ok: (message: string, current: string | null = null) => result("ok", message, null, current, null),
    warning: (message: string, remedy: string, current: string | null = null) =>
      result("warning", message, remedy, current, null),
    /** An error of the catalogue, with its sentence and remedy. */
    error: (code: ErrorCode, details: ErrorDetails, current: string | null = null) => {
      const reason = reasonOf(code, details);
      return result("error", sentence(reason.message), sentence(reason.remedy), current, code);
    },
    /** A refusal that a probe has met. */
    refused: (reason: PlainReason, level: CheckLevel = "error") =>
      result(level, sentence(reason.message), sentence(reason.remedy), null, reason.code),
  };
}

/** Messages that begin with a role ("the destination …") begin a line here; an address stays as it is written. */
export function sentence(text: string): string {
  return /^[a-z]+(?=[\s,.]|$)(?!\.\S)/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}

/** '1 key', '22,713 keys'. */
export function formatPlural(count: number, one: string): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : `${one}s`}`;
}

/** Bytes for people: 512 B, 1 MiB, 1.5 GiB. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${units[unit]}`;
}
