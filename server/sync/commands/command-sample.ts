import { printable } from "../../redis/printable.ts";

const MAX_ARGUMENTS = 8;

/** A command as the log shows it: each argument cut to 64 characters, bytes that cannot be printed as \xNN. */
export function commandSample(argumentsSeen: readonly Uint8Array[], argc: number): string {
  const shown = argumentsSeen.slice(0, MAX_ARGUMENTS).map(printable);
  const more = argc - shown.length;
  return more > 0 ? `${shown.join(" ")} … ${more} more` : shown.join(" ");
}
