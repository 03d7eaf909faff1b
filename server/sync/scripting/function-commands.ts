import { encodeCommand } from "../../redis/encode-command.ts";
import { word } from "../commands/command-arguments.ts";
import { portableFunctions } from "../commands/command-downgrade.ts";
import type { FunctionLibraries, OwnCommand } from "./function-libraries.ts";

export type FunctionCommand =
  | { readonly kind: "forward" }
  | {
      readonly kind: "skip";
      readonly code: string;
      readonly reason: string;
      readonly own: readonly OwnCommand[];
    }
  /** `own` goes in its place, as with `skip`. */
  | { readonly kind: "instead"; readonly own: readonly OwnCommand[] }
  /** `own` goes in front of it. */
  | { readonly kind: "replace"; readonly bytes: Buffer; readonly own: readonly OwnCommand[] };

/**
 * What becomes of FUNCTION …: a library is of the server, not of a database; each shard has its own, and the
 * destination all of them.
 * @param args the first ones where the command is a large one. @param alone the task has no other shard.
 */
export function functionCommand(
  args: readonly Buffer[],
  whole: boolean,
  libraries: FunctionLibraries,
  alone: boolean,
): FunctionCommand {
  const what = word(args[1]);
  if (what === "FLUSH") {
    // What others than the task have loaded on the destination stays.
    if (alone) return { kind: "instead", own: libraries.flushing() };
    const reason =
      "FUNCTION FLUSH of one shard would remove what the others loaded. The destination keeps the old code, and refuses a new library that has a function of the same name";
    return { kind: "skip", code: "FUNCTION_FLUSH", reason, own: libraries.leaving(null) };
  }
  if (what === "DELETE" && !alone) {
    const reason =
      "another shard of the task may still use the library. The destination keeps the old code, and refuses a new library that has a function of the same name";
    const own = libraries.leaving(args[2]?.toString("latin1") ?? null);
    return { kind: "skip", code: "FUNCTION_DELETE", reason, own };
  }
  if (what === "DELETE" && whole && args[2] !== undefined) {
    return {
      kind: "replace",
      bytes: encodeCommand([...args]),
      own: libraries.deleting(args[2].toString("latin1")),
    };
  }
  if (!whole || args.length < 3) return { kind: "forward" };
  if (what === "LOAD") {
    const code = args.at(-1)!;
    // Another shard has loaded its own, which is the same as a rule.
    const bytes = encodeCommand(["FUNCTION", "LOAD", "REPLACE", code]);
    return { kind: "replace", bytes, own: libraries.loading(code) };
  }
  if (what === "RESTORE") {
    // What it brings is taken; with FLUSH it would remove another shard's, with APPEND fail because of it.
    const bytes = encodeCommand(["FUNCTION", "RESTORE", portableFunctions(args[2]!), "REPLACE"]);
    return { kind: "replace", bytes, own: [] };
  }
  return { kind: "forward" };
}
