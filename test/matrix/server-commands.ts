import type { Redis } from "ioredis";
import {
  commandExamples,
  internalCommands,
  moduleCommands,
  neverReplicated,
  skippedCommands,
} from "../sync/commands/command-examples.ts";

/** A command by the name that COMMAND gives it, in upper case, a subcommand as `XGROUP CREATE`. */
export type ServerCommand = { readonly name: string; readonly flags: readonly string[] };

/** All commands that a server says it has; with subcommands from 7.0 on. */
export async function commandsOf(client: Redis): Promise<readonly ServerCommand[]> {
  type Spec = [name: string, arity: number, flags: string[], ...rest: unknown[]];
  const found: ServerCommand[] = [];
  const gather = (spec: Spec) => {
    const [name, , flags] = spec;
    found.push({ name: name.toUpperCase().replace("|", " "), flags });
    for (const sub of (spec[9] as Spec[] | undefined) ?? []) gather(sub);
  };
  for (const spec of (await client.call("COMMAND")) as Spec[]) gather(spec);
  return found;
}

/**
 * Those that a master may hand on to its replicas: all that say they write, and all that neither say that they
 * read only nor that they are an administrator's, except those known to stay where they are. PFCOUNT says that it
 * only reads, and is handed on where it stores the count (redis: hyperloglog.c pfcountCommand). No server says
 * which of its commands it `may_replicate` (redis: server.c addReplyFlagsForCommand).
 */
export function replicatedCommands(commands: readonly ServerCommand[]): string[] {
  const containers = new Set(
    commands.filter(({ name }) => name.includes(" ")).map(({ name }) => firstWord(name)),
  );
  const mayReplicate = ({ name, flags }: ServerCommand) => {
    if (flags.includes("write") || name === "PFCOUNT") return true;
    if (containers.has(name) || name.endsWith(" HELP")) return false;
    if (flags.includes("readonly") || flags.includes("admin")) return false;
    return !neverReplicated.has(name) && !neverReplicated.has(firstWord(name));
  };
  return commands.filter(mayReplicate).map(({ name }) => name);
}

/** Commands that may be in the server's stream and that no test runs: a new version has brought them. */
export function untested(commands: readonly ServerCommand[]): string[] {
  const ofModules = new Set(commands.filter(({ flags }) => flags.includes("module")).map(({ name }) => name));
  const isTested = (name: string) =>
    name in commandExamples ||
    name in skippedCommands ||
    name in internalCommands ||
    (ofModules.has(name) && moduleCommands.some((prefix) => name.startsWith(prefix)));
  return replicatedCommands(commands).filter((name) => !isTested(name));
}

const firstWord = (name: string) => name.split(" ")[0]!;
