import Database from "better-sqlite3";

/**
 * What the disk or another process says against a write, which may pass by itself; null for any other error,
 * such as a broken constraint (sqlite: rescode.html).
 */
export function writeFailure(error: unknown): string | null {
  // A transaction of the ORM wraps what it fails with.
  for (let one = error, depth = 0; one instanceof Error && depth < 5; one = one.cause, depth++) {
    if (one instanceof Database.SqliteError && passing.test(one.code)) return one.message;
  }
  return null;
}

const passing = /^SQLITE_(FULL|READONLY|IOERR|BUSY|LOCKED|CANTOPEN|PERM|NOMEM|PROTOCOL)/;
