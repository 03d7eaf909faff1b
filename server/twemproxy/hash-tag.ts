/** A stretch of bytes. */
export type Stretch = { start: number; end: number };

/**
 * Narrows `part`, the place of a key in `bytes`, to what of the key is hashed: what stands between the first opening
 * character and the next closing one, and the whole key where there is none or nothing between them (twemproxy:
 * nc_server.c server_pool_idx). @param open @param close the two bytes of hash_tag.
 */
export function narrowToHashTag(bytes: Uint8Array, part: Stretch, open: number, close: number): void {
  const opened = find(bytes, open, part.start, part.end);
  if (opened < 0) return;
  const closed = find(bytes, close, opened + 1, part.end);
  if (closed - opened <= 1) return;
  part.start = opened + 1;
  part.end = closed;
}

function find(bytes: Uint8Array, byte: number, start: number, end: number): number {
  for (let at = start; at < end; at++) if (bytes[at] === byte) return at;
  return -1;
}
