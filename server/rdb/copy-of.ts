/** A copy of `bytes[start, end)`. Not `bytes.slice()`: that of a Buffer is a view. */
export function copyOf(bytes: Uint8Array, start = 0, end = bytes.length): Uint8Array {
  return Uint8Array.prototype.slice.call(bytes, start, end);
}
