import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Debian installs daemons where the PATH of an ordinary user does not look. */
const daemonFolders = ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin"];

/** The full path of a program. @throws Error with the command that installs it: a missing tool is a failure, not a skip. */
export function requiredBinary(name: string, debianPackage: string): string {
  if (name.includes("/")) return name;
  for (const folder of [...(process.env.PATH ?? "").split(delimiter), ...daemonFolders]) {
    const path = join(folder, name);
    if (folder !== "" && isExecutable(path)) return path;
  }
  throw new Error(
    `${name} is not installed. Install it: sudo apt-get install -y --no-install-recommends ${debianPackage}`,
  );
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
