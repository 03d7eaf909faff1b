import { describe, expect, it, onTestFinished } from "vitest";
import { Heartbeat } from "../../../server/control/engine/heartbeat.ts";
import { parseEndpoint } from "../../../server/redis/endpoint.ts";
import type { ShardSyncSpec } from "../../../server/sync/spec/shard-sync-spec.ts";
import { type RedisServer, startRedis, until } from "../../servers/index.ts";

const key = "DTS_REDIS_TIMESTAMP_HEARTBEAT";

function beat(redis: RedisServer, options: { db?: number; user?: string } = {}) {
  const source = parseEndpoint(`redis://${options.user ?? ""}127.0.0.1:${redis.port}`);
  const heard: (string | null)[] = [];
  const spec = { taskId: "t", shardId: "a", shardName: "a", source } as ShardSyncSpec;
  const heartbeat = new Heartbeat(spec, options.db ?? 0, {
    master: () => spec.source,
    onProblem: (problem) => heard.push(problem),
  });
  const ended = heartbeat.run();
  onTestFinished(async () => {
    heartbeat.stop();
    await ended;
  });
  return { heard, heartbeat, ended };
}

describe("the heartbeat", () => {
  it("writes the clock in ms each second, in the chosen database, to expire in 30 s", async () => {
    const redis = await startRedis();
    const { heard, heartbeat, ended } = beat(redis, { db: 3 });
    await redis.client.select(3);
    const first = await until(() => redis.client.get(key), { timeoutMs: 30_000, what: "it beats" });
    expect(first).toMatch(/^\d{13}$/);
    expect(Math.abs(Number(first) - Date.now())).toBeLessThan(5_000);
    expect(await redis.client.ttl(key)).toBeGreaterThan(27);
    const second = await until(
      async () => {
        const value = await redis.client.get(key);
        return value === first ? null : value;
      },
      { timeoutMs: 30_000, what: "it beats again" },
    );
    expect(Number(second) - Number(first)).toBeGreaterThan(900);
    expect(heard[0]).toBeNull();
    heartbeat.stop();
    await ended;
  });

  it("says that the permission is missing, and beats once it is there", async () => {
    const redis = await startRedis();
    await redis.client.call("ACL", "SETUSER", "reader", "on", ">pw", "+ping", "+select", "+client");
    const { heard } = beat(redis, { user: "reader:pw@" });
    await until(() => heard.length > 0, { timeoutMs: 30_000, what: "the problem was said" });
    expect(heard[0]).toMatch(/^the heartbeat cannot be written: .*does not permit SETEX/);
    expect(heard[0]).not.toContain("pw@");
    await redis.client.call("ACL", "SETUSER", "reader", "+setex", "~*");
    await until(() => heard.at(-1) === null, { timeoutMs: 30_000, what: "it beats" });
  });

  it("says that a replica takes none", async () => {
    const master = await startRedis();
    const replica = await startRedis({ replicaOf: master.port });
    const { heard } = beat(replica);
    await until(() => heard.length > 0, { timeoutMs: 30_000, what: "the problem was said" });
    expect(heard[0]).toMatch(/is a replica and takes no heartbeat/);
  });

  it("goes on after the shard was restarted", async () => {
    const redis = await startRedis();
    const { heard } = beat(redis);
    await until(() => heard.includes(null), { timeoutMs: 30_000, what: "it beats" });
    await redis.kill();
    await until(() => heard.at(-1) !== null, { timeoutMs: 30_000, what: "the problem was said" });
    await redis.restart();
    await until(() => heard.at(-1) === null, { timeoutMs: 30_000, what: "it beats again" });
  });
});
