import { spawnSync } from "node:child_process";
import { onTestFinished } from "vitest";
import { temporaryFolder } from "../../servers/index.ts";

/** A folder that is a file system of its own with room for `mebibytes`; null where this user may mount none. */
export function smallDisk(mebibytes: number): string | null {
  const folder = temporaryFolder();
  return mountSmallDisk(folder, mebibytes) ? folder : null;
}

/** Makes an empty folder such a file system, for the time of the test. False where this user may mount none. */
export function mountSmallDisk(folder: string, mebibytes: number): boolean {
  const mount = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", folder]);
  if (mount.status !== 0) return false;
  onTestFinished(() => {
    // Lazily: somebody may still look at it.
    spawnSync("umount", ["-l", folder]);
  });
  return true;
}
