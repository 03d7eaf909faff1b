import { withoutSecrets } from "../../errors/known-secrets.ts";
import type { DifferenceCause, Differs } from "../report/shard-report.ts";

/** Causes that are kept; those that come after them count as OTHER. */
const MOST_CAUSES = 32;
const MOST_MESSAGE = 256;

/** Skipped without a difference to any key, or put right by copying the keys again. */
const HARMLESS = new Set([
  "PUBLISH_OFF",
  "DB_NOT_SELECTED",
  "VENDOR_COMMAND",
  "SCRIPT_FLUSH",
  "PAST_LIMIT",
  "DESTINATION_KEPT",
]);
/** Their keys are copied again when they fail; what else they may have done is noted by their prelude. */
const SCRIPTS = new Set(["EVAL", "EVALSHA"]);

/** Whether the destination differs from the shard once this command was refused. */
export function leavesDifference(kind: "skipped" | "rejected", command: string, code: string): boolean {
  if (kind === "rejected" && SCRIPTS.has(command)) return false;
  return !HARMLESS.has(code);
}

/**
 * What has left the destination other than the shard, by cause, since the last time that the shard was copied whole.
 * It is kept on the destination too: an engine that is started again goes on with it.
 */
export class Differences {
  readonly #now: () => number;
  #causes = new Map<string, DifferenceCause>();
  /** What a copy that is under way has found itself: it stays when the copy is done. */
  #copying: Map<string, DifferenceCause> | null = null;
  #saved = "";
  #changed: () => void = () => {};

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @param changed called at each change. */
  onChange(changed: () => void): void {
    this.#changed = changed;
  }

  note(code: string, message: string, count = 1): void {
    const causes = this.#copying ?? this.#causes;
    const key = causes.has(code) || causes.size < MOST_CAUSES ? code : "OTHER";
    const now = this.#now();
    const before = causes.get(key);
    causes.set(key, {
      code: key,
      // The reason of a refusal is the destination's own text.
      message: before?.message ?? withoutSecrets(message).slice(0, MOST_MESSAGE),
      count: (before?.count ?? 0) + count,
      firstAt: before?.firstAt ?? now,
      lastAt: now,
    });
    this.#changed();
  }

  has(code: string): boolean {
    return this.#causes.has(code);
  }

  /** The shard is copied whole from here on. */
  copying(): void {
    this.#copying = new Map();
  }

  /** It has been: what was different before is not any more. */
  copied(): void {
    this.#causes = this.#copying ?? new Map();
    this.#copying = null;
    this.#changed();
  }

  /** It was decided otherwise. */
  forget(code: string): void {
    this.#causes.delete(code);
    this.#copying?.delete(code);
    this.#changed();
  }

  acknowledge(): void {
    this.#causes.clear();
    this.#copying?.clear();
    this.#changed();
  }

  get(): Differs | null {
    const causes = new Map(this.#causes);
    for (const [code, cause] of this.#copying ?? []) {
      const before = causes.get(code);
      const count = (before?.count ?? 0) + cause.count;
      causes.set(code, { ...cause, count, firstAt: before?.firstAt ?? cause.firstAt });
    }
    if (causes.size === 0) return null;
    const list = [...causes.values()];
    return { since: Math.min(...list.map(({ firstAt }) => firstAt)), causes: list };
  }

  /** The text to be kept, "" for none; null while that is what was saved last. */
  unsaved(): string | null {
    const differs = this.get();
    const text = differs === null ? "" : JSON.stringify(differs.causes);
    return text === this.#saved ? null : text;
  }

  saved(text: string): void {
    this.#saved = text;
  }

  /** Takes in what an engine before this one has kept; what cannot be read is left. */
  restore(text: string): void {
    this.#saved = text;
    for (const cause of causesIn(text))
      if (!this.#causes.has(cause.code)) this.#causes.set(cause.code, cause);
  }
}

/** The causes of a text as it is kept on the destination; none where it cannot be read. */
export function causesIn(text: string): DifferenceCause[] {
  try {
    const causes: unknown = JSON.parse(text === "" ? "[]" : text);
    return Array.isArray(causes) ? causes.slice(0, MOST_CAUSES).filter(isCause) : [];
  } catch {
    return [];
  }
}

function isCause(value: unknown): value is DifferenceCause {
  if (typeof value !== "object" || value === null) return false;
  const { code, message, count, firstAt, lastAt } = value as Partial<DifferenceCause>;
  const texts = typeof code === "string" && typeof message === "string";
  return texts && [count, firstAt, lastAt].every(Number.isFinite);
}
