import { expect, test } from "vitest";
import { encodeCommand } from "../../server/redis/encode-command.ts";
import { formatCheckpoint } from "../../server/sync/checkpoint/checkpoint.ts";
import { HEARTBEAT_KEY } from "../../server/sync/checkpoint/own-keys.ts";
import { isOwn } from "../../server/verify/stream-between.ts";
import { type RedisServer, startRedis, until } from "../servers/index.ts";
import { foundIn, verificationOf } from "./verify-for-test.ts";

const stream = (...commands: string[][]) => Buffer.concat(commands.map((args) => encodeCommand(args)));
const isOwnStream = (...commands: string[][]) => isOwn(stream(...commands), "shard s0");

test("a stream of PINGs and the heartbeat's key changes nothing", () => {
  expect(
    isOwnStream(
      ["PING"],
      ["select", "3"],
      ["MULTI"],
      ["DEL", HEARTBEAT_KEY],
      ["SET", HEARTBEAT_KEY, "1", "PXAT", "2"],
      ["EXEC"],
      ["REPLCONF", "GETACK", "*"],
      ["PUBLISH", "channel", "message"],
    ),
  ).toBe(true);
});

test.each([
  ["another key", ["SET", "k", "v"]],
  ["another key beside the heartbeat's", ["DEL", HEARTBEAT_KEY, "k"]],
  ["all of them", ["FLUSHALL"]],
  ["what is not known", ["OF.A.MODULE", HEARTBEAT_KEY]],
  ["a script", ["EVAL", "return 1", "0"]],
])("a stream that may change %s does not", (_, command) => {
  expect(isOwnStream(["PING"], command)).toBe(false);
});

test("what is cut, or none of Redis's, is somebody else's", () => {
  expect(isOwn(stream(["PING"]).subarray(0, -1), "shard s0")).toBe(false);
  expect(isOwn(Buffer.from("PING\r\nSET a b\r\n"), "shard s0")).toBe(false);
});

const replication = async ({ client }: RedisServer) => {
  const info = await client.info("replication");
  const field = (name: string) => new RegExp(`${name}:(\\w+)`).exec(info)![1]!;
  return { replid: field("master_replid"), offset: BigInt(field("master_repl_offset")) };
};

/** A shard whose backlog lives, with a checkpoint of it on the destination and no engine. */
async function stopped(conf: Record<string, string> = {}) {
  const [shard, destination] = [await startRedis({ conf }), await startRedis()];
  const replica = await startRedis({ replicaOf: shard.port });
  await until(async () => (await replica.client.info("replication")).includes("master_link_status:up"), {
    what: "it replicates",
  });
  await replica.kill();
  await shard.client.set("k", "v");
  const { replid, offset } = await replication(shard);
  const at = formatCheckpoint({ replid, offset, db: 0, at: Date.now() - 3_600_000 });
  await destination.client.hset("tributary:checkpoint:test", "s0", at);
  return { shard, destination, offset };
}

const patient = { patienceMs: 300, rounds: 3 };

test("tells a key that differs although the heartbeat has expired past the checkpoint", async () => {
  const { shard, destination, offset } = await stopped();
  await destination.client.set("k", "tampered");
  await shard.client.psetex(HEARTBEAT_KEY, 1, "1");
  await until(async () => (await shard.client.exists(HEARTBEAT_KEY)) === 0, { what: "it has expired" });
  expect((await replication(shard)).offset).toBeGreaterThan(offset);
  const saves = async () => /rdb_saves:(\d+)/.exec(await shard.client.info())?.[1];
  const before = await saves();
  const verdict = await verificationOf([shard], destination, {}, patient).run();
  expect(foundIn(verdict)).toEqual(["value 0:k [string 0]"]);
  expect(verdict.outcome).toBe("different");
  expect(await saves()).toBe(before);
});

test("does not tell it while a command of the application has not been applied", async () => {
  const { shard, destination } = await stopped();
  await destination.client.set("k", "tampered");
  await shard.client.set("other", "v");
  const verdict = await verificationOf([shard], destination, {}, patient).run();
  expect(verdict.outcome).toBe("unknown");
});

test("asks for no RDB where the backlog does not hold the checkpoint any more", async () => {
  const { shard, destination } = await stopped({ "repl-backlog-size": "16kb" });
  await destination.client.set("k", "tampered");
  for (let round = 0; round < 40; round++) await shard.client.psetex(HEARTBEAT_KEY, 60_000, "1".repeat(1000));
  const syncs = async () => /sync_full:(\d+)/.exec(await shard.client.info("stats"))![1];
  const before = await syncs();
  const verdict = await verificationOf([shard], destination, {}, patient).run();
  expect(verdict.outcome).toBe("unknown");
  expect(await syncs()).toBe(before);
});
