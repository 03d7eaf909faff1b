import { type AnswerWatcher, answerWatch } from "../commands/answer-watch.ts";
import type { StreamLedger } from "../ledger/stream-ledger.ts";

/**
 * Says when a library that a shard has loaded is not on the destination: another library has a function of that name
 * there, such as one that the shard has removed and another shard may still use (redis: functions.c
 * functionsCreateWithLibraryCtx). It is in the log of rejected commands, too.
 */
export function libraryWatcher(ledger: StreamLedger): AnswerWatcher {
  return () =>
    answerWatch({
      answered: ({ error }) => {
        if (error !== null && /already exists/i.test(error)) {
          const message = `A function library that the shard has loaded is not on the destination, which says "${error}". FUNCTION DELETE the library there that has the function, and load the new one.`;
          ledger.alertOnce("function-not-loaded", error, message);
        }
        return false;
      },
    });
}
