import { expect, test } from "vitest";
import { ScriptLog } from "../../../server/sync/ledger/script-log.ts";
import { MAX_ANSWERS } from "../../../server/sync/report/script-answers.ts";

const script = { sha: "a".repeat(40), name: "return 1" };

test("counts every reply of a script by its text", () => {
  const log = new ScriptLog(() => 5);
  for (const answer of ["OK", "(nil)", "OK", "OK"]) log.add(script, false, answer);
  log.add(script, true, "ERR no more");
  expect(log.take()).toEqual([
    {
      ...script,
      ran: 4,
      failed: 1,
      answers: [
        { text: "OK", failed: false, count: 3 },
        { text: "(nil)", failed: false, count: 1 },
        { text: "ERR no more", failed: true, count: 1 },
      ],
      lastAnswer: "ERR no more",
      lastFailed: true,
      lastAt: 5,
    },
  ]);
  expect(log.take()).toEqual([]);
});

test("keeps a bounded number of answers apart, and counts the others among the runs", () => {
  const log = new ScriptLog(() => 5);
  for (let answer = 0; answer < 100; answer++) log.add(script, false, String(answer % 50));
  const [runs] = log.take();
  expect(runs).toMatchObject({ ran: 100, lastAnswer: "49" });
  expect(runs!.answers.length).toBe(MAX_ANSWERS);
  expect(runs!.answers.every(({ count }) => count === 2)).toBe(true);
});
