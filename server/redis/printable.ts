/** Characters of an argument or a key that are shown. */
const MAX_PRINTED = 64;

/** Bytes as a message shows them: cut to 64 characters, those that cannot be printed as \xNN, none as "". */
export function printable(argument: Uint8Array): string {
  let text = "";
  for (const byte of argument.subarray(0, MAX_PRINTED)) {
    text +=
      byte >= 0x20 && byte < 0x7f && byte !== 0x5c
        ? String.fromCharCode(byte)
        : `\\x${byte.toString(16).padStart(2, "0")}`;
    if (text.length >= MAX_PRINTED) break;
  }
  if (text === "") return '""';
  return argument.length > MAX_PRINTED || text.length > MAX_PRINTED ? `${text.slice(0, MAX_PRINTED)}…` : text;
}
