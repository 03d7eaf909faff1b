import type { Redis } from "ioredis";
import { commandExamples, type ExampleContext, type ExampleText } from "../sync/commands/command-examples.ts";
import type { ServerCommand } from "./server-commands.ts";

export type ServerVersion = { readonly flavor: "redis" | "valkey"; readonly number: string };

export async function versionOf(client: Redis): Promise<ServerVersion> {
  const info = await client.info("server");
  const valkey = /valkey_version:([\d.]+)/.exec(info)?.[1];
  if (valkey !== undefined) return { flavor: "valkey", number: valkey };
  return { flavor: "redis", number: /redis_version:([\d.]+)/.exec(info)![1]! };
}

export function isAtLeast(version: ServerVersion, wanted: string): boolean {
  const [major = 0, minor = 0] = version.number.split(".").map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = wanted.split(".").map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

/** In front of the names of the keys that a command's example writes. */
export const examplePrefix = (name: string) => `${name.toLowerCase().replace(" ", "-")}:`;

/** The examples of what a server has. Until 6.2 a command is one, whatever its subcommand does. */
export function examplesFor(commands: readonly ServerCommand[]): string[] {
  const names = new Set(commands.map(({ name }) => name));
  const containers = new Set([...names].filter((name) => name.includes(" ")).map((name) => firstWord(name)));
  return Object.keys(commandExamples).filter((name) =>
    containers.size === 0 ? names.has(firstWord(name)) : names.has(name) && !containers.has(name),
  );
}

const firstWord = (name: string) => name.split(" ")[0]!;

/**
 * Runs the example of a command as far as the shard's version has it.
 * @throws Error where a text of it is refused, or is not in the shard's stream.
 */
export async function runExample(
  name: string,
  context: Omit<ExampleContext, "prefix">,
  version: ServerVersion,
): Promise<void> {
  const example = commandExamples[name];
  if (example === undefined) throw new Error(`there is no example of ${name} in command-examples.ts`);
  const prefix = examplePrefix(name);
  if (typeof example === "function") {
    await example({ ...context, prefix });
    return;
  }
  const last = example.at(-1)!;
  if (!`${typeof last === "string" ? last : last.text} `.startsWith(`${name} `)) {
    throw new Error(`the example of ${name} does not end with it`);
  }
  for (const text of example) await runText(context.shard, text, prefix, version);
}

/** @throws Error where the text is refused, or is not in the shard's stream. */
export async function runText(
  shard: Redis,
  example: ExampleText,
  prefix: string,
  version: ServerVersion,
): Promise<void> {
  if (typeof example !== "string" && !isAtLeast(version, example[version.flavor])) return;
  const text = typeof example === "string" ? example : example.text;
  // A `$` alone is the last ID of a stream.
  const words = text.split(" ").map((word) => (word === "$" ? word : word.replace("$", prefix)));
  // HSET takes several fields from 4.0 on.
  if (words[0] === "HSET" && words.length > 4 && !isAtLeast(version, "4.0")) words[0] = "HMSET";
  const before = await offsetOf(shard);
  await shard.call(...(words as [string, ...string[]])).catch((error: Error) => {
    throw new Error(`${text}: ${error.message}`);
  });
  if ((await offsetOf(shard)) <= before) throw new Error(`${text} is not in the stream`);
}

async function offsetOf(shard: Redis): Promise<number> {
  return Number(/master_repl_offset:(\d+)/.exec(await shard.info("replication"))![1]);
}
