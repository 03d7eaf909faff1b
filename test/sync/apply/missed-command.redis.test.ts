import { connect, createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { checkpointKey } from "../../../server/sync/checkpoint/own-keys.ts";
import { type RedisServer, startRedis, until } from "../../servers/index.ts";
import { expectUnion } from "../harness/expect-union.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";
import { TcpProxy } from "../harness/tcp-proxy.ts";

const EXEC = "*1\r\n$4\r\nEXEC\r\n";
const MULTI = "*1\r\n$5\r\nMULTI\r\n";

/** A way to a server on which the next EXEC, or MULTI, can be held back, with all that comes after it. */
async function gateTo(server: RedisServer) {
  let held: (() => void) | null = null;
  let closed: string | null = null;
  const gate = createServer({ noDelay: true }, (near) => {
    const far: Socket = connect({ host: server.host, port: server.port, noDelay: true });
    let waiting: Buffer[] | null = null;
    near.on("data", (chunk) => {
      if (waiting !== null) return void waiting.push(chunk);
      const at = closed === null ? -1 : chunk.indexOf(closed);
      if (at < 0) return void far.write(chunk);
      far.write(chunk.subarray(0, at));
      waiting = [chunk.subarray(at)];
      held = () => {
        for (const one of waiting ?? []) far.write(one);
        waiting = null;
      };
    });
    far.on("data", (chunk) => near.write(chunk));
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on("error", () => {}).on("close", () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => gate.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void gate.close());
  return {
    port: (gate.address() as { port: number }).port,
    close: (command: string) => {
      closed = command;
    },
    whenHeld: () => until(() => held !== null, { what: "it is held back" }),
    open: () => {
      closed = null;
      held?.();
    },
  };
}

type Given = { readonly source?: (shard: RedisServer) => Promise<TcpProxy>; readonly user?: string };

async function running(more: Given = {}) {
  const { user = "default" } = more;
  const shard = await startRedis();
  const destination = await startRedis();
  await shard.client.rpush("list", "a");
  await shard.client.set("counter", 1);
  const gate = await gateTo(destination);
  const source = endpointAt((await more.source?.(shard)) ?? shard);
  const rules = user === "default" ? [] : ["on", ">secret", "~*", "&*", "+@all"];
  await destination.client.call("ACL", "SETUSER", user, ...rules);
  const credentials = user === "default" ? {} : { username: user, password: "secret" };
  const sync = new SyncForTest({ source, destination: endpointAt(gate, credentials) }).start();
  await sync.reaches("synchronizing");
  await sync.caughtUp(shard.client, destination.client);
  const acl = (rule: string) => destination.client.call("ACL", "SETUSER", user, rule);
  /** A transaction during which a permission is withdrawn just before its EXEC, or its MULTI. */
  const withdrawn = async (rule: string, meanwhile = () => {}, before = EXEC) => {
    gate.close(before);
    await shard.client.multi().incr("counter").rpush("list", "b").publish("channel", "c").exec();
    await gate.whenHeld();
    await acl(`-${rule}`);
    meanwhile();
    gate.open();
  };
  /** The shard is copied a second time, and nothing is doubled. */
  const copiedAgain = async () => {
    await until(() => sync.latest?.initialSync?.attempt === 2, {
      what: "it is copied again",
      timeoutMs: 20_000,
    });
    await sync.reaches("synchronizing", 30_000);
    await sync.caughtUp(shard.client, destination.client);
    await sync.stop();
    await expectUnion([shard], destination);
    expect(await destination.client.get("counter")).toBe("2");
  };
  return { shard, destination, sync, acl, withdrawn, copiedAgain };
}

test("a command whose permission went between it and its EXEC is not lost: its keys are copied again", async () => {
  const { shard, destination, sync, acl, withdrawn } = await running();
  await withdrawn("rpush");
  await until(() => sync.eventsOf("command-missed").length > 0, { what: "it is said", timeoutMs: 20_000 });
  await acl("+rpush");
  await shard.client.rpush("list", "d");
  await sync.caughtUp(shard.client, destination.client);
  expect(await destination.client.lrange("list", 0, -1)).toEqual(["a", "b", "d"]);
  expect(await destination.client.get("counter")).toBe("2");
  expect(sync.refused()).toEqual([]);
  expect(sync.latest?.initialSync?.attempt).toBe(1);
});

test("a checkpoint whose permission went before its EXEC doubles nothing: the shard is copied again", async () => {
  const { sync, acl, withdrawn, copiedAgain } = await running();
  await withdrawn("hset");
  await until(() => sync.reasons.has("DESTINATION_MISSED"), { what: "it is said", timeoutMs: 20_000 });
  await acl("+hset");
  await copiedAgain();
});

test("commands that were run since their MULTI was refused are not doubled: the shard is copied again", async () => {
  const { sync, acl, withdrawn, copiedAgain } = await running();
  await withdrawn("multi", () => {}, MULTI);
  await until(() => sync.reasons.has("DESTINATION_DENIED"), { what: "it is said", timeoutMs: 20_000 });
  expect(sync.reasons).toContain("DESTINATION_MISSED");
  await acl("+multi");
  await copiedAgain();
});

test("a user who loses all permissions within a batch costs no new copy of the shard", async () => {
  const { shard, destination, sync, withdrawn } = await running({ user: "engine" });
  await withdrawn("@all", () => {}, MULTI);
  await until(() => sync.reasons.has("DESTINATION_DENIED"), { what: "it is said", timeoutMs: 20_000 });
  await destination.client.call("ACL", "SETUSER", "engine", "+@all");
  await sync.reaches("synchronizing", 30_000);
  await sync.caughtUp(shard.client, destination.client);
  await sync.stop();
  await expectUnion([shard], destination);
  expect(sync.latest?.initialSync?.attempt).toBe(1);
  expect(sync.reasons).not.toContain("DESTINATION_MISSED");
});

test.each(["hset", "publish"])(
  "that %s was missed is remembered by an engine that comes before the shard could be copied again",
  async (rule) => {
    let proxy: TcpProxy | null = null;
    const { shard, destination, sync, acl, withdrawn } = await running({
      source: async ({ port }) => {
        proxy = await TcpProxy.start(port);
        return proxy;
      },
    });
    // The source cannot be reached when the re-sync is wanted.
    await withdrawn(rule, () => {
      proxy!.down = true;
      proxy!.cut();
    });
    const field = () => destination.client.hget(checkpointKey("test"), "s0");
    await until(async () => !(await field())?.startsWith("1 "), { what: "it is noted", timeoutMs: 20_000 });
    await sync.stop();
    await acl(`+${rule}`);
    proxy!.down = false;
    const next = new SyncForTest(sync.spec).start();
    await next.reaches("synchronizing", 30_000);
    await next.caughtUp(shard.client, destination.client);
    await next.stop();
    expect(next.latest?.initialSync).not.toBeNull();
    await expectUnion([shard], destination);
    expect(await destination.client.get("counter")).toBe("2");
  },
);
