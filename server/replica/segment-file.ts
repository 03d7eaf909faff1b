import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";

/**
 * A segment of a spool as a file: a header of 24 bytes (magic, CRC-32 of all that follows, length of the data,
 * a reserved word, the data's position as a double), then the data. The header lies in front of the data in
 * the segment's own buffer, so that a file is one write and one read.
 */
export const segmentHeaderBytes = 24;
const magic = 0x54524942; // "TRIB"
const suffix = ".segment";

/** The disk under a spool; a test may put a broken one in its place. */
export interface SegmentFiles {
  /** Writes a new file; it is gone again when that fails. */
  write(path: string, bytes: Uint8Array): Promise<void>;
  /** Fills `into` from the file's start and returns how many bytes the file had. */
  read(path: string, into: Uint8Array): Promise<number>;
  /** Deletes a file; one that is not there is no error. */
  remove(path: string): Promise<void>;
  makeDirectory(path: string): Promise<void>;
}

export const segmentFiles: SegmentFiles = {
  async write(path, bytes) {
    try {
      const file = await open(path, "w", 0o600);
      try {
        for (let at = 0; at < bytes.length; ) {
          at += (await file.write(bytes, at, bytes.length - at, at)).bytesWritten;
        }
      } finally {
        await file.close();
      }
    } catch (error) {
      // What was written of it would only take room on a disk that is full.
      await rm(path, { force: true }).catch(() => {});
      throw error;
    }
  },
  async read(path, into) {
    const file = await open(path, "r");
    try {
      let at = 0;
      while (at < into.length) {
        const { bytesRead } = await file.read(into, at, into.length - at, at);
        if (bytesRead === 0) break;
        at += bytesRead;
      }
      return at;
    } finally {
      await file.close();
    }
  },
  async remove(path) {
    await rm(path, { force: true });
  },
  async makeDirectory(path) {
    await mkdir(path, { recursive: true, mode: 0o700 });
  },
};

export function segmentPath(directory: string, name: string, number: number): string {
  return join(directory, `${name}-${number}${suffix}`);
}

/** Writes the header in front of the data that `buffer` already holds. */
export function sealSegment(buffer: Buffer, start: number, length: number): void {
  buffer.writeUInt32LE(magic, 0);
  buffer.writeUInt32LE(length, 8);
  buffer.writeUInt32LE(0, 12);
  buffer.writeDoubleLE(start, 16);
  buffer.writeUInt32LE(checksum(buffer, length), 4);
}

/** What is wrong with a file of `got` bytes that should hold `length` bytes of data from `start`; null: nothing. */
export function segmentDamage(buffer: Buffer, got: number, start: number, length: number): string | null {
  if (got < segmentHeaderBytes + length)
    return `it has ${got} bytes instead of ${segmentHeaderBytes + length}`;
  if (buffer.readUInt32LE(0) !== magic) return "it is not a segment of a spool";
  if (buffer.readUInt32LE(8) !== length || buffer.readDoubleLE(16) !== start) return "it is another segment";
  if (buffer.readUInt32LE(4) !== checksum(buffer, length)) return "its checksum does not match";
  return null;
}

function checksum(buffer: Buffer, length: number): number {
  return crc32(buffer.subarray(8, segmentHeaderBytes + length));
}
