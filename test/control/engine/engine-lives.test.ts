import { expect, onTestFinished, test } from "vitest";
import { openDatabase } from "../../../db/open-database.ts";
import { settings } from "../../../db/schema.ts";
import { EngineLives } from "../../../server/control/engine/engine-lives.ts";
import type { TaskRun } from "../../../server/control/tasks/task-run.ts";
import { temporaryFolder, until } from "../../servers/index.ts";

const runs = ["a", "b", "c"].map((id) => ({ record: { id } }) as TaskRun);

function database() {
  const database = openDatabase(temporaryFolder());
  onTestFinished(() => database.close());
  return database.db;
}

/** A life that has begun to take up its tasks; it ends when nothing more is heard of it. */
function live(db: ReturnType<typeof database>, apartMs: number) {
  const lives = new EngineLives(db, { apartMs });
  const started: string[] = [];
  const done = lives.takeUp(runs, ({ record }) => started.push(record.id));
  return { lives, started, done };
}

test("takes up all tasks at once, also after two short lives", () => {
  const db = database();
  for (let short = 0; short < 3; short++) expect(live(db, 60_000).started).toEqual(["a", "b", "c"]);
});

test("takes up one after the other when the engine has ended soon again and again, and knows the one by which it ended", async () => {
  const db = database();
  for (let short = 0; short < 3; short++) live(db, 60_000);
  const first = live(db, 60_000);
  expect(first.started).toEqual(["a"]);
  expect(live(db, 60_000).lives.endedBy).toBe("a");
  const last = live(db, 1);
  await last.done;
  expect(last.started).toEqual(["a", "b", "c"]);
  expect(live(db, 1).lives.endedBy).toBeNull();
});

test("forgets the short lives after a long one, and after one that ended in good order", async () => {
  const db = database();
  for (let short = 0; short < 3; short++) live(db, 60_000);
  live(db, 60_000).lives.close();
  expect(live(db, 60_000).started).toHaveLength(3);
  for (let short = 0; short < 3; short++) live(db, 60_000);
  new EngineLives(db, { longLifeMs: 1 });
  const noted = () => JSON.stringify(db.select().from(settings).all());
  await until(() => noted().includes('"long":true'), { what: "the life is long" });
  expect(live(db, 60_000).started).toHaveLength(3);
});
