import { TributaryError } from "../../errors/tributary-error.ts";
import { controlCharacterIn } from "../../redis/control-character.ts";
import type { AddressInput } from "./task-input.ts";

/**
 * A line break in a name or a password would reach the server's protocol.
 * @param path of the input that holds them.
 * @throws TributaryError INPUT_INVALID
 */
export function refuseControls(path: string, input: AddressInput): void {
  for (const field of ["name", "username", "password"] as const) {
    const found = controlCharacterIn(input[field] ?? "");
    if (found === null) continue;
    const details = { field: `${path}.${field}`, detail: `it holds ${found}`, path: `${path}.${field}` };
    throw new TributaryError("INPUT_INVALID", details);
  }
}
