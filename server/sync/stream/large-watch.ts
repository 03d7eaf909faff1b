import type { AnswerWatch } from "../commands/answer-watch.ts";
import type { CommandName } from "../commands/command-names.ts";

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
  { facts }: CommandName,
  inner: AnswerWatch | null,
  failed: () => boolean,
): AnswerWatch {
  return {
    wantsText: inner?.wantsText ?? false,
    answered(answer) {
      const dealtWith = inner?.answered(answer) ?? false;
      if (answer.error === null && !(answer.empty && facts.conditional)) return dealtWith;
      return failed() || dealtWith;
    },
    unanswered() {
      inner?.unanswered();
      failed();
    },
  };
}
