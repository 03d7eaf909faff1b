import type { ValueWriting } from "./value-writing.ts";

/** A string as SET, and APPEND for what goes past the first chunk. */
export async function writeStringValue(writing: ValueWriting): Promise<void> {
  const { input, out, key, string, chunkBytes } = writing;
  await string.read(input, chunkBytes);
  if (string.streamed < 0) {
    out.command("SET", key, string.bytes.subarray(string.start, string.end));
    return;
  }
  let missing = string.streamed;
  let open = 0;
  let name = "SET";
  const sink = (piece: Uint8Array) => {
    for (let at = 0; at < piece.length; ) {
      if (open === 0) {
        open = Math.min(missing, chunkBytes);
        out.begin(3);
        out.argument(name);
        out.argument(key);
        out.beginArgument(open);
        name = "APPEND";
      }
      const size = Math.min(open, piece.length - at);
      out.piece(piece.subarray(at, at + size));
      at += size;
      open -= size;
      missing -= size;
    }
  };
  if (missing === 0) out.command("SET", key, "");
  await string.pipe(input, sink, () => writing.drain());
}
