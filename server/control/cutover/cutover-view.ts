import type { VerifyProgress } from "../../verify/verification.ts";
import type { CutoverRecord } from "../tasks/cutover-state.ts";
import type { TaskRow } from "../views/task-view.ts";
import type { Gate } from "./cutover-gates.ts";

/** A cutover as its page shows it. */
export type CutoverView = {
  readonly task: Pick<
    TaskRow,
    "id" | "name" | "status" | "wanted" | "sourceLabel" | "destinationLabel" | "cutover"
  >;
  /** How Twemproxy's pool is called; null where the shards were given by hand. */
  readonly pool: string | null;
  /** The last one; null where there was none. */
  readonly cutover: (CutoverRecord & { readonly over: boolean }) | null;
  /** Of the step that it is at; of the first step where none is under way. */
  readonly gates: readonly Gate[];
  /** What a person can do now. */
  readonly moves: readonly ("proceed" | "back" | "leave")[];
  /** The first gate that stands against going on. */
  readonly shut: Gate["name"] | null;
  readonly verifying: VerifyProgress | null;
  /** Why the step does not come to its end by itself; null while it does. */
  readonly problem: string | null;
  /** A cutover may be begun. */
  readonly mayBegin: boolean;
};
