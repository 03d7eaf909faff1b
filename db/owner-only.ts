import { chmodSync, closeSync, existsSync, openSync } from "node:fs";

/** Makes the file where it is missing, and keeps others on the machine from it whatever its folder lets them. */
export function ownerOnly(file: string): void {
  // One that is there is not opened: to close it would drop the locks that this process has on it (fcntl).
  if (!existsSync(file)) closeSync(openSync(file, "a", 0o600));
  tighten(file);
}

/** Not where another user owns the file, or the file system knows no modes: the start does not fail of it. */
export function tighten(file: string): void {
  try {
    chmodSync(file, 0o600);
  } catch (error) {
    if (!/^(EPERM|ENOTSUP|ENOSYS)$/.test(String((error as NodeJS.ErrnoException).code))) throw error;
  }
}
