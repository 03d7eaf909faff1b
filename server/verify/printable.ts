/** Bytes that are shown of one text. */
const MOST = 64;

/** Any bytes as one line of ASCII: `\xNN` for what cannot be printed, cut with … at 64 bytes. */
export function printable(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes.subarray(0, MOST)) {
    const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x5c;
    text += plain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return bytes.length > MOST ? `${text}…` : text;
}
