import { expect, test } from "vitest";
import { runPrechecks } from "../../server/precheck/run-prechecks.ts";
import { parseEndpoint } from "../../server/redis/endpoint.ts";
import { parseSource } from "../../server/redis/parse-source.ts";
import { freePort, startRedis, startSentinel, until } from "../servers/index.ts";
import { startReplicatedShard } from "../sync/harness/replicated-shard.ts";
import { plainQuestion } from "./merge-question.ts";

async function check(address: string) {
  const { source, ...further } = parseSource(address, { username: null, password: null });
  const destination = await startRedis();
  const report = await runPrechecks({
    shards: [{ id: "a", name: "a", endpoint: source, ...further }],
    destination: parseEndpoint(destination.url),
    databases: null,
    heartbeatDb: 0,
    merge: plainQuestion,
  });
  return {
    shard: report.shards[0]!,
    ok: report.ok,
    of: (id: string) => report.checks.filter((one) => one.id === id && one.subject === "shard a"),
  };
}

test("checks the master wherever it stands, and says that its replica is there", async () => {
  const { master, replica } = await startReplicatedShard();
  const { shard, ok, of } = await check(`127.0.0.1:${replica.port},127.0.0.1:${master.port}`);
  expect(ok).toBe(true);
  expect(shard).toMatchObject({ address: `127.0.0.1:${master.port}`, role: "master" });
  expect(of("addresses")).toMatchObject([{ level: "ok" }]);
});

test("warns of an address that does not answer, and of a replica of another master", async () => {
  const { master } = await startReplicatedShard();
  const strange = await startReplicatedShard();
  const nobody = `127.0.0.1:${await freePort()}`;
  const { ok, of } = await check(`${nobody},127.0.0.1:${strange.replica.port},127.0.0.1:${master.port}`);
  expect(ok).toBe(true);
  expect(of("addresses")).toMatchObject([
    { level: "warning", current: nobody },
    { level: "warning", current: `127.0.0.1:${strange.replica.port}` },
  ]);
});

test("lets no task start whose shard has two masters", async () => {
  const [one, two] = await Promise.all([startRedis(), startRedis()]);
  const { ok, of } = await check(`127.0.0.1:${one.port},127.0.0.1:${two.port}`);
  expect(ok).toBe(false);
  expect(of("addresses")).toMatchObject([{ level: "error", code: "SOURCE_SPLIT" }]);
});

test("asks the Sentinels for the master, warns of one that does not know it, and says when none does", async () => {
  const { master } = await startReplicatedShard();
  const sentinel = await startSentinel({ masterName: "m", master: master.port });
  const other = await startSentinel({ masterName: "m", master: null });
  const found = await until(
    async () => {
      const checked = await check(`redis+sentinel://127.0.0.1:${other.port},127.0.0.1:${sentinel.port}/m`);
      return checked.shard.reachable ? checked : null;
    },
    { what: "the Sentinel knows its master" },
  );
  expect(found.ok).toBe(true);
  expect(found.shard.address).toBe(`127.0.0.1:${master.port}`);
  expect(found.of("addresses")).toMatchObject([{ level: "warning", current: `127.0.0.1:${other.port}` }]);
  const unknown = await check(`redis+sentinel://127.0.0.1:${sentinel.port}/strange`);
  expect(unknown.of("reachable")).toMatchObject([{ level: "error", code: "SENTINEL_MASTER_UNKNOWN" }]);
});
