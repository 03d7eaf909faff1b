/** Bob Jenkins' one-at-a-time; bytes enter with their sign (twemproxy: hashkit/nc_one_at_a_time.c). */
export function hashOneAtATime(key: Uint8Array): number {
  let hash = 0;
  for (let at = 0; at < key.length; at++) {
    hash = (hash + ((key[at]! << 24) >> 24)) | 0;
    hash = (hash + (hash << 10)) | 0;
    hash ^= hash >>> 6;
  }
  hash = (hash + (hash << 3)) | 0;
  hash ^= hash >>> 11;
  return (hash + (hash << 15)) >>> 0;
}
