import { createInterface } from "node:readline/promises";
import { TributaryError, toReason } from "../errors/tributary-error.ts";
import { cutoverArguments, cutoverUsage } from "./cutover-arguments.ts";
import { cutoverExitCodes, runCutover } from "./run-cutover.ts";

// `npm run cutover`: what is said goes to standard error, so that standard output carries JSON alone.
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => stop.abort());

async function main(): Promise<number> {
  try {
    const options = cutoverArguments(process.argv.slice(2));
    if (options === null) {
      process.stdout.write(`${cutoverUsage}\n`);
      return 0;
    }
    const talk = {
      say: (line: string) => void process.stderr.write(`${line}\n`),
      print: (text: string) => void process.stdout.write(`${text}\n`),
      ask: process.stdin.isTTY ? ask : null,
    };
    return await runCutover(options, talk, stop.signal);
  } catch (error) {
    const reason = toReason(error);
    const remedy = error instanceof TributaryError ? ` ${reason.remedy}` : "";
    process.stderr.write(`${reason.message}${remedy}\n`);
    return cutoverExitCodes.usage;
  }
}

async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(question, { signal: stop.signal });
  } finally {
    lines.close();
  }
}

process.exitCode = await main();
