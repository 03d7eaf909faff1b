import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onProcessEnd } from "./process-end.ts";

const open = new Set<string>();
let registered = false;

/**
 * Makes an empty folder below the system's temporary folder. It is gone at the latest when this process ends;
 * what a kill -9 leaves behind is swept by the next process that asks for a folder.
 */
export function makeTemporaryFolder(): string {
  if (!registered) {
    registered = true;
    onProcessEnd(() => {
      for (const folder of open) removeTemporaryFolder(folder);
    });
    sweepAbandoned();
  }
  const folder = mkdtempSync(join(tmpdir(), `tributary-${process.pid}-`));
  open.add(folder);
  return folder;
}

export function removeTemporaryFolder(folder: string): void {
  open.delete(folder);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
}

/** Removes folders whose process is gone and that nothing has touched for an hour. */
function sweepAbandoned(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = /^tributary-(\d+)-\w{6}$/.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    const folder = join(tmpdir(), name);
    try {
      if (Date.now() - statSync(folder).mtimeMs > 3_600_000) rmSync(folder, { recursive: true, force: true });
    } catch {
      // Another process sweeps at the same time, or the folder belongs to another user.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
