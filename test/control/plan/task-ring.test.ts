import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { openDatabase } from "../../../db/open-database.ts";
import { syncArguments } from "../../../server/cli/sync-arguments.ts";
import { readOnce } from "../../../server/control/plan/read-once.ts";
import type { TaskInput } from "../../../server/control/plan/task-input.ts";
import { planTask } from "../../../server/control/plan/task-plan.ts";
import { mergeSpecOf } from "../../../server/control/plan/task-ring.ts";
import { openSecretBox } from "../../../server/control/secrets/secret-box.ts";
import { recordOf, specOf } from "../../../server/control/tasks/task-specs.ts";
import { TaskStore } from "../../../server/control/tasks/task-store.ts";
import type { ShardProbe } from "../../../server/precheck/precheck-report.ts";
import { createRing } from "../../../server/twemproxy/ring.ts";
import { temporaryFolder } from "../../servers/index.ts";

const destination = { address: "10.0.0.9:6379" };
const poolOf = (servers: readonly string[], more = "") =>
  `p:\n  listen: 127.0.0.1:1\n  redis: true\n${more}  servers:\n${servers.map((one) => `  - ${one}\n`).join("")}`;
const plan = (text: string, input: Partial<Omit<TaskInput, "name">> = {}) =>
  planTask({ source: { kind: "nutcracker", text, pool: "p" }, destination, ...input });

const virtual = poolOf([
  "10.0.0.1:6379:1 part-1",
  "10.0.0.2:6379:2 part-2",
  "10.0.0.1:6379:3 part-3",
  "10.0.0.2:6380:1 part-4",
]);

describe("a pool that lists one server under several names", () => {
  it("gives one shard for each server, and a ring of all names", () => {
    const { shards, ring } = plan(virtual);
    expect(shards.map(({ id, name, weight }) => [id, name, weight])).toEqual([
      ["10.0.0.1-6379", "10.0.0.1:6379", 4],
      ["part-2", "part-2", 2],
      ["part-4", "part-4", 1],
    ]);
    expect(ring?.servers).toEqual([
      { name: "part-1", weight: 1, shardId: "10.0.0.1-6379" },
      { name: "part-2", weight: 2, shardId: "part-2" },
      { name: "part-3", weight: 3, shardId: "10.0.0.1-6379" },
      { name: "part-4", weight: 1, shardId: "part-4" },
    ]);
  });

  it("tells each shard sync the owner of every key as the proxy does", () => {
    const { ring: merged } = mergeSpecOf(plan(virtual));
    const proxy = createRing({ ...merged!, servers: merged!.servers });
    const hosts = [0, 1, 0, 2];
    for (let key = 0; key < 500; key++) {
      const owner = proxy.ownerOf(Buffer.from(`key:${key}`))!;
      expect(merged!.servers[owner]!.shardIndex).toBe(hosts[owner]);
    }
  });

  it.each(["localhost", "LOCALHOST.", "127.0.0.1"])("takes %s for the same host as 127.0.0.1", (host) => {
    const { shards } = plan(poolOf(["127.0.0.1:6379:1 a", `${host}:6379:1 b`, `${host}:6380:1 c`]));
    expect(shards.map(({ name }) => name)).toEqual(["127.0.0.1:6379", "c"]);
  });

  it("adds up the further addresses of all names", () => {
    const further = { "part-1": "10.0.0.21:1", "part-3": "10.0.0.21:1,10.0.0.22:1" };
    const source = { kind: "nutcracker", text: virtual, pool: "p", further } as const;
    const [shard] = planTask({ source, destination }).shards;
    expect(shard?.alternatives.map(({ host }) => host)).toEqual(["10.0.0.21", "10.0.0.22"]);
  });
});

describe("names of one server that are told apart by their text alone", () => {
  it("become one shard once the servers have been asked, and the ring keeps all names", () => {
    const planned = plan(poolOf(["127.0.0.1:1:1 a", "127.1:1:2 b", "127.0.0.1:2:1 c"]));
    const runIds = ["one", "one", "two"];
    const shards = planned.shards.map(({ id }, index) => ({ id, runId: runIds[index]! }) as ShardProbe);
    const merged = readOnce(planned, { shards });
    expect(merged.shards.map(({ id, name, weight }) => [id, name, weight])).toEqual([
      ["a", "127.0.0.1:1", 3],
      ["c", "c", 1],
    ]);
    expect(merged.ring?.servers.map(({ name, shardId }) => [name, shardId])).toEqual([
      ["a", "a"],
      ["b", "a"],
      ["c", "c"],
    ]);
  });

  it("stay apart where a server does not say its run_id", () => {
    const planned = plan(poolOf(["h1:1:1 a", "h2:1:1 b"]));
    const shards = planned.shards.map(({ id }) => ({ id, runId: "" }) as ShardProbe);
    expect(readOnce(planned, { shards })).toBe(planned);
  });
});

describe("the merge policy", () => {
  const two = ["10.0.0.1:6379:1 a", "10.0.0.2:6379:1 b"];
  const shards: TaskInput["source"] = { kind: "shards", shards: [{ address: "h1" }, { address: "h2" }] };

  it("is owner-wins with a ring, and last-write without", () => {
    expect(plan(poolOf(two)).mergePolicy).toBe("owner-wins");
    expect(plan(poolOf(two, "  distribution: random\n"))).toMatchObject({
      mergePolicy: "last-write",
      ring: null,
    });
    expect(planTask({ source: shards, destination })).toMatchObject({
      mergePolicy: "last-write",
      ring: null,
    });
  });

  it("is refused where it asks for owners that nobody can name", () =>
    expect(() => planTask({ source: shards, destination, mergePolicy: "owner-only" })).toThrow(
      /owner-only needs the ring of a pool/,
    ));

  it("is kept, with the ring, in the database, and goes to every shard sync", () => {
    const database = openDatabase(temporaryFolder());
    const box = openSecretBox(temporaryFolder(), randomBytes(32).toString("hex"));
    const store = new TaskStore(database.db);
    store.insert(recordOf(plan(virtual, { mergePolicy: "owner-only" }), { id: "t", name: "t", now: 0 }, box));
    const [record] = store.loadAll();
    database.close();
    const options = { box, dataDirectory: "/d", spoolQuotaBytes: 1 };
    const shard = { record: record!.shards[1]!, hasCheckpoint: false, initialSyncs: 0 };
    const merge = specOf(record!, shard, options).merge;
    expect(merge.policy).toBe("owner-only");
    expect(merge.ring?.servers.map(({ shardIndex }) => shardIndex)).toEqual([0, 1, 0, 2]);
    expect(merge.ring).toMatchObject({ hash: "fnv1a_64", hashTag: null, distribution: "ketama" });
  });

  it("is an option of npm run sync", () => {
    const argv = ["--destination", "h9", "--shard", "h1", "--merge-policy"];
    expect(syncArguments([...argv, "last-write"])!.plan.mergePolicy).toBe("last-write");
    expect(() => syncArguments([...argv, "mine"])).toThrow(/--merge-policy takes owner-wins or owner-only/);
  });

  it("comes with the other choices of merging on the command line", () => {
    const argv = ["--destination", "h9", "--shard", "h1"];
    expect(syncArguments(argv)!.plan).toMatchObject({
      destinationKeys: "must-be-empty",
      shrink: { onShrink: "hold", maxKeys: 1000, maxShare: 0.1 },
      onFlush: "skip",
    });
    const options = ["--destination-keys", "keep", "--on-shrink", "follow", "--shrink-bound", "5,2.5"];
    expect(syncArguments([...argv, ...options])!.plan).toMatchObject({
      destinationKeys: "keep",
      shrink: { onShrink: "follow", maxKeys: 5, maxShare: 0.025 },
    });
    expect(() => syncArguments([...argv, "--shrink-bound", "5"])).toThrow(
      /--shrink-bound takes KEYS,PERCENT/,
    );
    expect(() => syncArguments([...argv, "--on-flush", "own-keys"])).toThrow(/own-keys needs the ring/);
  });
});
