import { createServer, type Socket } from "node:net";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { precheckInput } from "../../server/control/plan/precheck-questions.ts";
import { planTask } from "../../server/control/plan/task-plan.ts";
import type { MergePolicy } from "../../server/merge/merge-policy.ts";
import type { CheckResult } from "../../server/precheck/precheck-report.ts";
import { runPrechecks } from "../../server/precheck/run-prechecks.ts";
import { readNutcrackerStats } from "../../server/twemproxy/stats.ts";
import { freePort, type RedisServer, startNutcracker, startRedis, until } from "../servers/index.ts";

let one: RedisServer;
let destination: RedisServer;

beforeAll(async () => {
  [one, destination] = await Promise.all([startRedis(), startRedis()]);
});

const poolOf = (...servers: { port: number; name: string }[]) =>
  `alpha:\n  listen: 127.0.0.1:1\n  redis: true\n  servers:\n${servers
    .map(({ port, name }) => `    - 127.0.0.1:${port}:1 ${name}\n`)
    .join("")}`;

/** What the check says of a task that is made of the file. */
async function ejectionsIn(text: string, stats: string, mergePolicy?: MergePolicy): Promise<CheckResult[]> {
  const plan = planTask({
    source: { kind: "nutcracker", text, pool: "alpha", stats },
    destination: { address: destination.url },
    mergePolicy,
  });
  const { checks } = await runPrechecks(precheckInput(plan));
  return checks.filter(({ id }) => id === "ejections");
}

test("passes where the running nutcracker has ejected no server", async () => {
  const nutcracker = await startNutcracker({ servers: [{ port: one.port, name: "alpha-1" }] });
  expect(await ejectionsIn(nutcracker.configText, `127.0.0.1:${nutcracker.statsPort}`)).toMatchObject([
    { level: "ok", title: "nutcracker has ejected no shard", current: "server_ejects: 0" },
  ]);
});

test("counts the ejections of a server that was killed, and says what the merge policy does about the copies", async () => {
  const two = await startRedis();
  const servers = [
    { port: one.port, name: "alpha-1" },
    { port: two.port, name: "alpha-2" },
  ];
  const nutcracker = await startNutcracker({ servers, autoEject: true });
  await two.kill();
  const target = { host: "127.0.0.1", port: nutcracker.statsPort };
  let n = 0;
  await until(
    async () => {
      await nutcracker.client.set(`${n++}:key`, "1").catch(() => {});
      const pool = (await readNutcrackerStats(target)).pools[0];
      return pool!.serverEjects > 0 && pool!.servers[1]!.ejectedAt !== null;
    },
    { what: "the statistics tell of the ejection" },
  );
  const stats = `127.0.0.1:${nutcracker.statsPort}`;
  const [found, ...others] = await ejectionsIn(nutcracker.configText, stats);
  expect(others).toEqual([]);
  expect(found).toMatchObject({ level: "warning", title: "nutcracker has ejected shards", subject: "task" });
  expect(found?.current).toMatch(/^server_ejects: [1-9]\d*$/);
  expect(found?.message).toMatch(/The last: alpha-2 at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC \(/);
  expect(found?.message).not.toContain("alpha-1");
  expect(found?.message).toMatch(/stale duplicates are likely.*owner-wins, takes the owner's value/);
  expect(found?.remedy).toContain("docs/merging.md");
  const [last] = await ejectionsIn(nutcracker.configText, stats, "last-write");
  expect(last?.message).toContain("last-write, takes what was applied last");
});

test("warns where the nutcracker runs without the pool, or without servers of it", async () => {
  const server = { port: one.port, name: "alpha-1" };
  const beta = await startNutcracker({ pool: "beta", servers: [server] });
  const alpha = await startNutcracker({ servers: [server] });
  const file = poolOf(server, { port: await freePort(), name: "alpha-2" });
  const title = "nutcracker runs another pool than the task's";
  expect(await ejectionsIn(file, `127.0.0.1:${beta.statsPort}`)).toMatchObject([
    { level: "warning", title, message: expect.stringContaining("It has no pool called alpha.") },
  ]);
  expect(await ejectionsIn(file, `127.0.0.1:${alpha.statsPort}`)).toMatchObject([
    { level: "warning", title, message: expect.stringContaining("lacks 1 server of the task: alpha-2.") },
  ]);
});

async function answering(answer: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    answer(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
}

const notStatistics = "its answer is not nutcracker's statistics";
const peers: [string, (socket: Socket) => void, string][] = [
  ["hangs", () => {}, "did not answer within 5 s"],
  [
    "drips without an end",
    (socket) => {
      const timer = setInterval(() => socket.write(" "), 50);
      socket.on("close", () => clearInterval(timer));
    },
    "did not answer within 5 s",
  ],
  ["sends junk", (socket) => socket.end("\u001b]0;junk\r\n\u0000{{{"), notStatistics],
  ["sends 2 MiB", (socket) => socket.end(Buffer.alloc(2 * 1024 * 1024, 0x20)), "its answer does not end"],
  ["sends nothing", (socket) => socket.end(), notStatistics],
  ["breaks off", (socket) => socket.resetAndDestroy(), "statistics port"],
  [
    "sends objects for texts and numbers",
    (socket) =>
      socket.end(
        '{"service":"nutcracker","version":{"toString":1},"source":[],"uptime":{},"alpha":{"server_ejects":{},"alpha-1":{"server_ejected_at":[]}}}',
      ),
    "No server of alpha was ejected",
  ],
];

test.each(peers)("blocks no task by an address that %s", async (_, answer, said) => {
  const results = await ejectionsIn(poolOf({ port: one.port, name: "alpha-1" }), await answering(answer));
  expect(results).toHaveLength(1);
  expect(results[0]?.level).not.toBe("error");
  expect(results[0]?.message).toContain(said);
});

test("says why nothing was read where nothing listens", async () => {
  const file = poolOf({ port: one.port, name: "alpha-1" });
  expect(await ejectionsIn(file, `127.0.0.1:${await freePort()}`)).toMatchObject([
    {
      level: "warning",
      title: "Statistics of nutcracker cannot be read",
      code: "CONNECT_REFUSED",
      message: expect.stringMatching(/^The statistics port at .* refused the connection/),
    },
  ]);
});
