/** CRC-16 of XMODEM (polynomial 0x1021) by byte. */
const table16 = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc;
});

/** CRC-32 of zip (polynomial 0xedb88320, reflected) by byte. */
const table32 = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc >>> 0;
});

/** CRC-16 whose register has 32 bits: Twemproxy never cuts it to 16 (twemproxy: hashkit/nc_crc16.c). */
export function hashCrc16(bytes: Uint8Array, start: number, end: number): number {
  let crc = 0;
  for (let at = start; at < end; at++) crc = (crc << 8) ^ table16[((crc >>> 8) ^ bytes[at]!) & 0xff]!;
  return crc >>> 0;
}

/** The 15 bits of CRC-32 that libmemcached keeps (twemproxy: hashkit/nc_crc32.c hash_crc32). */
export function hashCrc32(bytes: Uint8Array, start: number, end: number): number {
  return (hashCrc32a(bytes, start, end) >>> 16) & 0x7fff;
}

/** CRC-32 whole. */
export function hashCrc32a(bytes: Uint8Array, start: number, end: number): number {
  let crc = -1;
  for (let at = start; at < end; at++) crc = (crc >>> 8) ^ table32[(crc ^ bytes[at]!) & 0xff]!;
  return ~crc >>> 0;
}
