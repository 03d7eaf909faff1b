const MAX_ARGUMENT = 64;
const MAX_ARGUMENTS = 8;

/** A command as the log shows it: each argument cut to 64 characters, bytes that cannot be printed as \xNN. */
export function commandSample(argumentsSeen: readonly Uint8Array[], argc: number): string {
  const shown = argumentsSeen.slice(0, MAX_ARGUMENTS).map(printable);
  const more = argc - shown.length;
  return more > 0 ? `${shown.join(" ")} … ${more} more` : shown.join(" ");
}

function printable(argument: Uint8Array): string {
  let text = "";
  for (const byte of argument.subarray(0, MAX_ARGUMENT)) {
    text +=
      byte >= 0x20 && byte < 0x7f && byte !== 0x5c
        ? String.fromCharCode(byte)
        : `\\x${byte.toString(16).padStart(2, "0")}`;
    if (text.length >= MAX_ARGUMENT) break;
  }
  if (text === "") return '""';
  return argument.length > MAX_ARGUMENT || text.length > MAX_ARGUMENT
    ? `${text.slice(0, MAX_ARGUMENT)}…`
    : text;
}
