import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createTRPCClient, httpLink } from "@trpc/client";
import { expect, test } from "vitest";
import type { AppRouter } from "../../server/api/router.ts";
import { encodeCommand } from "../../server/redis/encode-command.ts";
import { startMain } from "../api/start-main.ts";
import { startFakeMaster } from "../replica/fake-master.ts";
import { freePort, startRedis, temporaryFolder, until } from "../servers/index.ts";
import { startShardWithScripts } from "../sync/harness/old-master.ts";

const MiB = 1024 * 1024;
/** Of the database, with what SQLite keeps beside it. */
const MOST_BYTES = 8 * MiB;
/** Of the answer that a page is made of. */
const MOST_ANSWER = MiB / 2;

/** Tributary itself, and what it keeps and says. */
async function server() {
  const [port, directory] = [await freePort(), temporaryFolder()];
  const { output } = startMain({ PORT: String(port), TRIBUTARY_DATA_DIR: directory });
  const url = `http://127.0.0.1:${port}/api/trpc`;
  await until(async () => (await fetch(`http://127.0.0.1:${port}/api/health`)).ok, {
    what: "it serves",
    timeoutMs: 60_000,
  }).catch((error: Error) => {
    throw new Error(`${error.message}\n${output()}`);
  });
  const api = createTRPCClient<AppRouter>({ links: [httpLink({ url })] });
  /** ms that each answer to "how is the task" took, and the length of the longest. */
  const asked = { times: [] as number[], longest: 0 };
  const ask = async (id: string) => {
    const began = performance.now();
    const answer = await fetch(`${url}/task.get?input=${encodeURIComponent(JSON.stringify({ id }))}`);
    asked.longest = Math.max(asked.longest, (await answer.text()).length);
    asked.times.push(performance.now() - began);
  };
  const files = () =>
    readdirSync(directory).map((name) => statSync(join(directory, name), { throwIfNoEntry: false }));
  const kept = () => files().reduce((sum, file) => sum + (file?.isFile() ? file.size : 0), 0);
  const synchronizing = (id: string) =>
    until(async () => (await api.task.get.query({ id })).status === "synchronizing", {
      what: "it synchronizes",
      timeoutMs: 60_000,
    });
  return { api, ask, asked, kept, synchronizing };
}

/** Asks all the time until the condition is met; what the machine itself withholds falls on some answers alone. */
async function expectAnswers(
  { ask, asked, kept }: Awaited<ReturnType<typeof server>>,
  id: string,
  isOver: () => Promise<boolean>,
) {
  for (let left = 600; left > 0 && !(await isOver()); left--) {
    await ask(id);
    await sleep(50);
  }
  const times = asked.times.toSorted((a, b) => a - b);
  const [median, worst] = [times[times.length >> 1]!, times.at(-1)!];
  console.log(
    `answers of ${asked.longest} characters in ${median.toFixed()} ms, ${worst.toFixed()} ms at worst; ${(kept() / MiB).toFixed(1)} MiB kept`,
  );
  expect(median).toBeLessThan(1000);
  expect(asked.longest).toBeLessThan(MOST_ANSWER);
  expect(kept()).toBeLessThan(MOST_BYTES);
}

test("a stream of FLUSHALL fills neither database nor page, and the API answers", {
  timeout: 300_000,
}, async () => {
  const [shard, destination] = [await startShardWithScripts(), await startRedis()];
  const tributary = await server();
  const { id } = await tributary.api.task.create.mutate({
    name: "flood",
    source: { kind: "shards", shards: [{ address: shard.server.url }] },
    destination: { address: destination.url },
    start: true,
  });
  await tributary.synchronizing(id);
  const flood = encodeCommand(["FLUSHALL"]);
  const piece = Buffer.concat(Array.from({ length: 20_000 }, () => flood));
  for (let count = 0; count < 20; count++) shard.sendRaw(piece);
  shard.send("SET", "after", "1");
  await expectAnswers(tributary, id, async () => (await destination.client.get("after")) === "1");
  expect(await destination.client.get("after")).toBe("1");
  const { shards } = await tributary.api.task.get.query({ id });
  expect(shards.length).toBe(1);
});

test("a Sentinel that names a host of 1 MB fills neither database nor page, and the API answers", {
  timeout: 300_000,
}, async () => {
  const [shard, destination] = [await startRedis(), await startRedis()];
  const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;
  let host = "127.0.0.1";
  let asked = 0;
  const sentinel = await startFakeMaster({
    INFO: `$36\r\n# Server\r\nredis_mode:sentinel\r\nx:1234`,
    SENTINEL: (connection) => {
      asked++;
      connection.send(`*2\r\n${bulk(host)}${bulk(String(shard.port))}`);
    },
    "SENTINEL GET-MASTER-ADDR-BY-NAME": (connection) => {
      asked++;
      connection.send(`*2\r\n${bulk(host)}${bulk(String(shard.port))}`);
    },
  });
  const tributary = await server();
  const { id } = await tributary.api.task.create.mutate({
    name: "named",
    source: { kind: "shards", shards: [{ address: `redis+sentinel://127.0.0.1:${sentinel.port}/m` }] },
    destination: { address: destination.url },
    start: true,
  });
  await tributary.synchronizing(id);
  host = "h".repeat(1_000_000);
  await shard.kill();
  const before = asked;
  await expectAnswers(tributary, id, async () => asked > before + 5);
  expect(asked).toBeGreaterThan(before + 1);
});
