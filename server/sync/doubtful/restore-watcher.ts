import { type AnswerWatcher, answerWatch } from "../commands/answer-watch.ts";
import { argumentAt } from "../commands/command-arguments.ts";
import type { DoubtfulKeys } from "./doubtful-keys.ts";

/**
 * A RESTORE that the destination refuses (a key that is not there on the source, an encoding or a module that it does
 * not know) leaves the former value, and the PEXPIREAT behind it, for a destination before 5.0, was meant for the new
 * one: the key is copied.
 *
 * redis: cluster.c restoreCommand
 */
export function restoreWatcher(doubtful: DoubtfulKeys): AnswerWatcher {
  return ({ db, bytes, scanner }) => {
    if (scanner.seen < 2) return null;
    const key = argumentAt(bytes, scanner, 1);
    const copy = () => void doubtful.doubt("copy", db, key);
    return answerWatch({
      answered: ({ error }) => {
        if (error !== null) copy();
        return error !== null;
      },
      unanswered: copy,
    });
  };
}
