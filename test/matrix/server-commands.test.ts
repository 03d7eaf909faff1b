import { expect, test } from "vitest";
import { replicatedCommands, type ServerCommand, untested } from "./server-commands.ts";

const command = (name: string, ...flags: string[]): ServerCommand => ({ name, flags });

test("a command that writes and has no example is untested", () => {
  const commands = [command("SET", "write"), command("NOVELTY", "write", "fast"), command("GET", "readonly")];
  expect(untested(commands)).toEqual(["NOVELTY"]);
});

test("a command that does not say that it only reads may be handed on, unless it is known not to be", () => {
  const commands = [
    command("PUBLISH", "pubsub"),
    command("SPUBLISH", "pubsub"),
    command("WHISPER", "pubsub"),
    command("CLIENT NEW", "noscript"),
    command("CONFIG SET", "admin"),
    command("PFCOUNT", "readonly"),
  ];
  expect(replicatedCommands(commands)).toEqual(["PUBLISH", "SPUBLISH", "WHISPER", "PFCOUNT"]);
  expect(untested(commands)).toEqual(["WHISPER"]);
});

test("a new subcommand is untested, and the command that only holds subcommands is none", () => {
  const commands = [
    command("XGROUP"),
    command("XGROUP HELP"),
    command("XGROUP CREATE", "write"),
    command("XGROUP NEW", "write"),
  ];
  expect(untested(commands)).toEqual(["XGROUP NEW"]);
});

test("only the commands of a module that is known are left to others", () => {
  const commands = [command("JSON.SET", "write", "module"), command("OTHER.SET", "write", "module")];
  expect(untested([...commands, command("TS.ADD", "write")])).toEqual(["OTHER.SET", "TS.ADD"]);
});
