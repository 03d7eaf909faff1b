import { accessSync, constants, existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import Sqlite from "better-sqlite3";
import { type BetterSQLite3Database, drizzle } from "drizzle-orm/better-sqlite3";
import { migrate } from "drizzle-orm/better-sqlite3/migrator";
import { TributaryError } from "../server/errors/tributary-error.ts";
import { lockDataDirectory } from "./data-directory-lock.ts";
import { ownerOnly, tighten } from "./owner-only.ts";
import { projectRoot } from "./project-root.ts";
import * as schema from "./schema.ts";

export type Database = BetterSQLite3Database<typeof schema> & { readonly $client: Sqlite.Database };
export type OpenDatabase = {
  readonly db: Database;
  /** Absolute. */
  readonly directory: string;
  /** What is unsafe about the directory, as a sentence; null when nothing is. */
  readonly warning: string | null;
  readonly close: () => void;
};

/**
 * Locks the data directory (made where it is missing), opens tributary.db in it and applies the migrations
 * that it lacks.
 * @throws TributaryError DATA_DIR_UNWRITABLE, DATA_DIR_LOCKED, DATABASE_DAMAGED
 */
export function openDatabase(dataDirectory: string): OpenDatabase {
  const directory = resolve(dataDirectory);
  const lock = attempt(directory, () => {
    // Others on the machine may read neither the key nor the copies of commands in here.
    makeFolder(directory);
    accessSync(directory, constants.W_OK | constants.X_OK);
    return lockDataDirectory(directory);
  });
  try {
    const sqlite = attempt(directory, () => open(join(directory, "tributary.db")));
    return {
      db: drizzle(sqlite, { schema }),
      directory,
      warning: warningOf(directory),
      close: () => {
        sqlite.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

function open(file: string): Sqlite.Database {
  ownerOnly(file);
  // Those that are made later take the file's mode over.
  for (const name of [`${file}-wal`, `${file}-shm`]) if (existsSync(name)) tighten(name);
  const sqlite = new Sqlite(file, { timeout: 5_000 });
  try {
    checkWhole(sqlite);
    sqlite.pragma("journal_mode = WAL");
    // With WAL, NORMAL can lose the last moments after a power failure, never the file's integrity. The truth
    // about positions is the checkpoint on the destination, so nothing here is worth an fsync per commit.
    sqlite.pragma("synchronous = NORMAL");
    sqlite.pragma("foreign_keys = ON");
    migrate(drizzle(sqlite), { migrationsFolder: join(projectRoot(), "db", "migrations") });
    // One who holds the file is waited for at the start only: later, a write is simply made again.
    sqlite.pragma("busy_timeout = 250");
    return sqlite;
  } catch (error) {
    sqlite.close();
    throw error;
  }
}

/** A page that is damaged is found now, and not by whoever needs what stood on it. */
function checkWhole(sqlite: Sqlite.Database): void {
  const found = String(sqlite.pragma("quick_check(1)", { simple: true }));
  if (found !== "ok") throw new Sqlite.SqliteError(found, "SQLITE_CORRUPT");
}

/** A directory that was there keeps its mode, since it may serve others, too (/tmp): its owner is told. */
function warningOf(directory: string): string | null {
  const mode = statSync(directory).mode & 0o777;
  if ((mode & 0o022) === 0) return null;
  return `Other users can replace files in the data directory ${directory} (mode ${mode.toString(8)}): chmod go-w it.`;
}

/** Not mkdir's own recursive mode: Node never returns from it below /proc, where mkdir answers ENOENT. */
function makeFolder(directory: string): void {
  if (existsSync(directory)) return;
  makeFolder(dirname(directory));
  mkdirSync(directory, { mode: 0o700 });
}

const damaged = /^SQLITE_(CORRUPT|NOTADB|FORMAT)/;
const unwritable = /^(EACCES|EPERM|EROFS|ENOSPC|ENOTDIR|EEXIST|ENOENT|SQLITE_(READONLY|CANTOPEN|FULL|IOERR))/;

function attempt<T>(directory: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (typeof code === "string" && damaged.test(code)) {
      const detail = (error as Error).message;
      throw new TributaryError("DATABASE_DAMAGED", { directory, detail }, { cause: error });
    }
    if (error instanceof TributaryError || typeof code !== "string" || !unwritable.test(code)) throw error;
    throw new TributaryError(
      "DATA_DIR_UNWRITABLE",
      { directory, detail: (error as Error).message },
      { cause: error },
    );
  }
}
