import type { Node } from "yaml";
import type { ErrorCode } from "../errors/catalogue.ts";

export type Problem = {
  /** A pool with an error cannot be used; a warning only tells. */
  readonly severity: "error" | "warning";
  /** From 1; null where the file has no line that could be meant: it is empty, or too large to be read. */
  readonly line: number | null;
  /** From 1; null where the whole line is meant. */
  readonly column: number | null;
  /** A sentence without the line number. Never holds redis_auth. */
  readonly message: string;
  readonly remedy: string;
  /** The code under which the problem is thrown. */
  readonly code?: ErrorCode;
  /** The pool it belongs to; null for the file. */
  readonly pool: string | null;
};

/** Where a problem is: reported against the node whose place it is. */
export type ReportProblem = (
  severity: Problem["severity"],
  node: Node | null | undefined,
  message: string,
  remedy: string,
) => void;
