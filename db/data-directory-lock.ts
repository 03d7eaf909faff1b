import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { TributaryError } from "../server/errors/tributary-error.ts";
import { ownerOnly } from "./owner-only.ts";

/**
 * Makes this process the only engine on a data directory until `release` is called or the process dies, by
 * whatever signal: the lock is an exclusive transaction on a database of its own, and the kernel drops a
 * process's file locks with it (sqlite: lockingv3.html). engine.pid only names the holder in the message.
 * @throws TributaryError DATA_DIR_LOCKED
 */
export function lockDataDirectory(directory: string): { release: () => void } {
  const pidFile = join(directory, "engine.pid");
  const lockFile = join(directory, "lock.db");
  ownerOnly(lockFile);
  const lock = new Database(lockFile, { timeout: 0 });
  try {
    lock.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    lock.close();
    if (!(error instanceof Database.SqliteError) || !error.code.startsWith("SQLITE_BUSY")) throw error;
    throw new TributaryError("DATA_DIR_LOCKED", { directory, pid: readPid(pidFile) }, { cause: error });
  }
  ownerOnly(pidFile);
  writeFileSync(pidFile, `${process.pid}\n`);
  return {
    release: () => {
      if (lock.inTransaction) lock.exec("ROLLBACK");
      lock.close();
    },
  };
}

function readPid(file: string): string {
  try {
    return readFileSync(file, "utf8").trim() || "unknown";
  } catch {
    return "unknown";
  }
}
