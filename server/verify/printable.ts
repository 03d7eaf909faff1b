/** Bytes that are shown of one text. */
const MOST = 64;

/**
 * Any bytes as one line of ASCII: `\xNN` for what cannot be printed and for the backslash, so that it can be read back.
 * @param most bytes; what is longer is cut with an ellipsis.
 */
export function printable(bytes: Uint8Array, most = MOST): string {
  let text = "";
  for (const byte of bytes.subarray(0, most)) {
    const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x5c;
    text += plain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return bytes.length > most ? `${text}…` : text;
}

/** The bytes that `printable` would write so: `\xNN` stands for any byte, all else for itself in UTF-8. */
export function printedBytes(text: string): Buffer {
  const parts = text.split(/(\\x[0-9a-fA-F]{2})/);
  return Buffer.concat(
    parts.map((part) =>
      /^\\x[0-9a-fA-F]{2}$/.test(part) ? Buffer.from(part.slice(2), "hex") : Buffer.from(part),
    ),
  );
}
