import { TributaryError, toReason } from "../errors/tributary-error.ts";
import { exitCodes } from "./exit-codes.ts";
import { runSync } from "./run-sync.ts";
import { type SyncArguments, syncArguments, usage } from "./sync-arguments.ts";

// `npm run sync`: the engine without the page. The first signal drains, the second one ends at once.
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    if (stop.signal.aborted) process.exit(exitCodes.incomplete);
    process.stderr.write("draining …\n");
    stop.abort();
  });
}

async function main(): Promise<number> {
  let options: SyncArguments | null;
  try {
    options = syncArguments(process.argv.slice(2));
  } catch (error) {
    return complain(error, error instanceof TributaryError ? exitCodes.usage : exitCodes.failed);
  }
  if (options === null) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  try {
    return await runSync(options, stop.signal);
  } catch (error) {
    return stop.signal.aborted ? exitCodes.incomplete : complain(error, exitCodes.failed);
  }
}

function complain(error: unknown, code: number): number {
  const reason = toReason(error);
  process.stderr.write(`${reason.message}\n${reason.remedy}\n`);
  return code;
}

process.exitCode = await main();
