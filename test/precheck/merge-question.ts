import type { MergeQuestion } from "../../server/precheck/precheck-input.ts";

/** That of a new task of shards given by hand, which overwrites what it finds. */
export const plainQuestion: MergeQuestion = {
  taskId: null,
  began: false,
  destinationKeys: "overwrite",
  ring: null,
  readsOnce: false,
};
