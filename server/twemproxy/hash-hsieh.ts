/**
 * Paul Hsieh's SuperFastHash with a start of 0 instead of the length. Of the last three bytes the third alone
 * enters with its sign (twemproxy: hashkit/nc_hsieh.c).
 */
export function hashHsieh(bytes: Uint8Array, start: number, end: number): number {
  const key = bytes.subarray(start, end);
  if (key.length === 0) return 0;
  let hash = 0;
  let at = 0;
  for (; at + 4 <= key.length; at += 4) {
    hash = (hash + pair(key, at)) | 0;
    hash = (hash << 16) ^ ((pair(key, at + 2) << 11) ^ hash);
    hash = (hash + (hash >>> 11)) | 0;
  }
  switch (key.length - at) {
    case 3:
      hash = (hash + pair(key, at)) | 0;
      hash ^= hash << 16;
      hash ^= ((key[at + 2]! << 24) >> 24) << 18;
      hash = (hash + (hash >>> 11)) | 0;
      break;
    case 2:
      hash = (hash + pair(key, at)) | 0;
      hash ^= hash << 11;
      hash = (hash + (hash >>> 17)) | 0;
      break;
    case 1:
      hash = (hash + key[at]!) | 0;
      hash ^= hash << 10;
      hash = (hash + (hash >>> 1)) | 0;
      break;
  }
  hash ^= hash << 3;
  hash = (hash + (hash >>> 5)) | 0;
  hash ^= hash << 4;
  hash = (hash + (hash >>> 17)) | 0;
  hash ^= hash << 25;
  return (hash + (hash >>> 6)) >>> 0;
}

function pair(key: Uint8Array, at: number): number {
  return key[at]! | (key[at + 1]! << 8);
}
