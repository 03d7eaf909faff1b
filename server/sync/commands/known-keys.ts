import { type KeysByRole, keysByRole } from "../../redis/command-facts.ts";
import type { CommandScanner } from "../../redis/command-scanner.ts";
import { type CommandSpec, commandSpec, keysOf } from "../../redis/command-table.ts";
import { allArguments, firstArguments } from "./command-arguments.ts";

/** The keys among the arguments that are known; of a very large command these are the first. */
export function knownKeys(name: string, bytes: Uint8Array, scanner: CommandScanner): Buffer[] {
  const spec = commandSpec(name);
  if (spec === undefined) return [];
  const args = keyArguments(spec, bytes, scanner);
  return keysOf(spec, args).map((position) => args[position]!);
}

/** The known keys that a command depends on, those that it changes, and whether there are others. */
export type KnownKeysByRole = {
  readonly reads: readonly Buffer[];
  readonly writes: readonly Buffer[];
  readonly unnamed: KeysByRole["unnamed"];
};

/** As `knownKeys`, by what the command does with them. */
export function knownKeysByRole(name: string, bytes: Uint8Array, scanner: CommandScanner): KnownKeysByRole {
  const spec = commandSpec(name);
  const args = spec === undefined ? firstArguments(bytes, scanner) : keyArguments(spec, bytes, scanner);
  const { reads, writes, unnamed } = keysByRole(name, args);
  return { reads: reads.map((at) => args[at]!), writes: writes.map((at) => args[at]!), unnamed };
}

/** All arguments where keys may stand among the last of them, else those that the scanner notes. */
function keyArguments(spec: CommandSpec, bytes: Uint8Array, scanner: CommandScanner): Buffer[] {
  const all = scanner.seen === scanner.argc && scanner.argc > scanner.starts.length && keysReachFar(spec);
  return all ? allArguments(bytes, scanner) : firstArguments(bytes, scanner);
}

function keysReachFar({ name, keySpecs }: CommandSpec): boolean {
  return name === "SORT" || keySpecs.some((rule) => rule.kind === "count" || rule.last < 0);
}
