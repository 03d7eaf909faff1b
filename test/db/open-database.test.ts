import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { openDatabase } from "../../db/open-database.ts";
import { projectRoot } from "../../db/project-root.ts";
import { tasks } from "../../db/schema.ts";
import { temporaryFolder } from "../servers/index.ts";

function errorOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return null;
}

describe("openDatabase", () => {
  it("makes the directory for its owner alone, and applies the migrations once", () => {
    const directory = join(temporaryFolder(), "deep", "data");
    openDatabase(directory).close();
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    const again = openDatabase(directory);
    expect(again.db.select().from(tasks).all()).toEqual([]);
    expect(again.db.get("pragma journal_mode")).toMatchObject({ journal_mode: "wal" });
    expect(again.db.get("pragma foreign_keys")).toMatchObject({ foreign_keys: 1 });
    again.close();
  });

  it("keeps others from the database in a directory that lets them in, and says what they could do there", () => {
    const directory = temporaryFolder();
    const file = join(directory, "tributary.db");
    writeFileSync(file, "", { mode: 0o644 });
    chmodSync(directory, 0o777);
    const open = openDatabase(directory);
    expect(open.warning).toContain("(mode 777)");
    open.db.run("create table t (a)");
    for (const name of [file, `${file}-wal`, `${file}-shm`]) expect(statSync(name).mode & 0o777).toBe(0o600);
    expect(statSync(directory).mode & 0o777).toBe(0o777);
    open.close();
    chmodSync(directory, 0o755);
    const again = openDatabase(directory);
    expect(again.warning).toBeNull();
    again.close();
  });

  it("keeps others from the lock and the process's id, too, also where the files were there", () => {
    const directory = temporaryFolder();
    chmodSync(directory, 0o755);
    const files = ["lock.db", "engine.pid"].map((name) => join(directory, name));
    for (const file of files) writeFileSync(file, "", { mode: 0o644 });
    const open = openDatabase(directory);
    for (const file of files) expect(statSync(file).mode & 0o777, file).toBe(0o600);
    open.close();
  });

  it.each([
    ["is no database", (file: string) => writeFileSync(file, "no database ".repeat(1_000))],
    ["was cut off", (file: string) => truncateSync(file, 12_288)],
    [
      "has a page that was overwritten",
      (file: string) => {
        const bytes = readFileSync(file);
        bytes.fill(0x5a, 8_192, 12_288);
        writeFileSync(file, bytes);
      },
    ],
  ])("says that a file is damaged that %s, and leaves it as it is", (_, damage) => {
    const directory = temporaryFolder();
    openDatabase(directory).close();
    const file = join(directory, "tributary.db");
    damage(file);
    const before = readFileSync(file);
    expect(errorOf(() => openDatabase(directory))).toMatchObject({ code: "DATABASE_DAMAGED" });
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it("says so of a lock that is none", () => {
    const directory = temporaryFolder();
    writeFileSync(join(directory, "lock.db"), "no database ".repeat(1_000));
    expect(errorOf(() => openDatabase(directory))).toMatchObject({ code: "DATABASE_DAMAGED" });
  });

  it("refuses a directory that cannot be one", () => {
    const file = join(temporaryFolder(), "file");
    writeFileSync(file, "");
    for (const directory of [join(file, "data"), file, "/proc/tributary-test"]) {
      expect(errorOf(() => openDatabase(directory))).toMatchObject({ code: "DATA_DIR_UNWRITABLE" });
    }
  });
});

/** Another process that holds the directory. */
async function holder(directory: string) {
  const script = `
    import { openDatabase } from ${JSON.stringify(join(projectRoot(), "db/open-database.ts"))};
    // Kept: what is collected is closed.
    globalThis.held = openDatabase(${JSON.stringify(directory)});
    console.log("open");
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
    cwd: projectRoot(),
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return child;
}

describe("the lock", () => {
  it("keeps a second engine of the same process out", () => {
    const directory = temporaryFolder();
    const first = openDatabase(directory);
    onTestFinished(first.close);
    expect(errorOf(() => openDatabase(directory))).toMatchObject({
      code: "DATA_DIR_LOCKED",
      details: { pid: String(process.pid) },
    });
  });

  it("names the other process, and dies with it by kill -9", async () => {
    const directory = temporaryFolder();
    const child = await holder(directory);
    expect(errorOf(() => openDatabase(directory))).toMatchObject({
      code: "DATA_DIR_LOCKED",
      details: { pid: String(child.pid) },
    });
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
    openDatabase(directory).close();
  });
});
