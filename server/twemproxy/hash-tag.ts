/**
 * The part of a key that is hashed: what stands between the first opening character and the next closing one,
 * and the whole key where there is none or nothing between them (twemproxy: nc_server.c server_pool_idx).
 * The result shares the key's memory. @param open @param close the two bytes of hash_tag.
 */
export function hashTagOf(key: Uint8Array, open: number, close: number): Uint8Array {
  const start = key.indexOf(open);
  if (start === -1) return key;
  const end = key.indexOf(close, start + 1);
  return end - start > 1 ? key.subarray(start + 1, end) : key;
}
