import { type AnswerWatcher, answerWatch, type WatchedCommand } from "../commands/answer-watch.ts";
import { commandSample } from "../commands/command-sample.ts";
import { knownKeys } from "../commands/known-keys.ts";
import { rejectionCode } from "../destination/destination-answer.ts";
import type { StreamLedger } from "../ledger/stream-ledger.ts";
import type { ScriptRewriter } from "./script-rewriter.ts";

/**
 * Notes what each script returned on the destination. One that failed there has perhaps done less than on the
 * source, so its keys are copied again; so are those of one that runs without the prelude.
 */
export function scriptWatcher(scripts: ScriptRewriter, ledger: StreamLedger): AnswerWatcher {
  return (command) => {
    const script = scripts.met;
    if (script === null) return null;
    const { name, db } = command;
    const { sha, flush } = script;
    const keys = knownKeys(name.name, command.bytes, command.scanner);
    const sample = sampleOf(command, script.script === null ? null : script.name);
    if (flush !== null) {
      const reason = `${flush} in a script of one shard would flush the data of every shard: it does nothing on the destination, the rest of the script runs`;
      ledger.refusals.add("skipped", name.name, db, flush, reason, () => sample);
      ledger.alertOnce(
        "script-flush-skipped",
        sha,
        `A script (${script.name}) may call ${flush}: ${reason}.`,
      );
    }
    const copied = () => {
      for (const key of keys) ledger.doubtful.doubt("merge", db, key);
    };
    // The prelude notes by itself what it has to; a call that has none may have come to anything.
    const guarded = script.script !== null && command.scanner.seen === command.scanner.argc;
    return answerWatch({
      wantsText: true,
      unanswered: () => {
        ledger.doubtful.ofScripts++;
        copied();
      },
      answered: ({ error, text }) => {
        ledger.scripts.add(script, error !== null, error ?? text);
        ledger.doubtful.ofScripts++;
        if (error !== null || !guarded) copied();
        if (error === null) return false;
        ledger.refusals.add("rejected", name.name, db, rejectionCode(error), error, () => sample);
        return true;
      },
    });
  };
}

/** The call as the source made it, the body by its name. */
function sampleOf({ bytes, scanner }: WatchedCommand, scriptName: string | null): string {
  const { seen, starts, ends, argc } = scanner;
  const args: Uint8Array[] = [];
  for (let index = 0; index < Math.min(seen, starts.length); index++) {
    args.push(bytes.subarray(starts[index]!, ends[index]!));
  }
  if (scriptName !== null && args.length > 1) args[1] = Buffer.from(scriptName, "latin1");
  return commandSample(args, argc);
}
