import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const PIECE = Buffer.alloc(1024 * 1024);
/** More than any disk of a soak has: a mistake must not fill the machine's own. */
const MOST_PIECES = 256;

/**
 * Takes all the room of a file system for a while.
 * @param lasts ms; what others free meanwhile is taken, too. @throws Error where it has more room than a soak gives one.
 */
export async function fillDisk(folder: string, lasts: number): Promise<void> {
  const path = join(folder, "others");
  const file = openSync(path, "w");
  try {
    const began = performance.now();
    for (let pieces = 0; ; ) {
      if (takes(file)) pieces++;
      else if (performance.now() - began >= lasts) return;
      else await sleep(20);
      if (pieces > MOST_PIECES) throw new Error(`${folder} has more room than it should`);
    }
  } finally {
    closeSync(file);
    rmSync(path, { force: true });
  }
}

function takes(file: number): boolean {
  try {
    return writeSync(file, PIECE) > 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOSPC") return false;
    throw error;
  }
}
