import type { AnswerWatch } from "../commands/answer-watch.ts";
import type { CommandName } from "../commands/command-names.ts";

/**
 * Where `:0` or a nil says that a condition did not hold, which could not be taken out; ZADD and GEOADD say so where
 * there was nothing new.
 */
const CONDITIONAL = new Set(["SET", "XADD", "HSETEX", "MSETEX"]);

/** Whether a large command that goes as the source said it may not do what it did there. */
export function largeMayFail({ name, rule }: CommandName, argc: number): boolean {
  return rule === "newer" || rule === "msetex" || (rule === "expiry" && !(name === "SET" && argc === 3));
}

/**
 * Watches such a command.
 * @param inner who waits for its answer beside that.
 * @param failed is told that it did not do what it did on the source, or that nobody knows. It returns true where that
 * has been dealt with.
 */
export function largeWatch(
  { name }: CommandName,
  inner: AnswerWatch | null,
  failed: () => boolean,
): AnswerWatch {
  return {
    wantsText: inner?.wantsText ?? false,
    answered(answer) {
      const dealtWith = inner?.answered(answer) ?? false;
      if (answer.error === null && !(answer.empty && CONDITIONAL.has(name))) return dealtWith;
      return failed() || dealtWith;
    },
    unanswered() {
      inner?.unanswered();
      failed();
    },
  };
}
