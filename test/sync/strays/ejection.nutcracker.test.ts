import { afterAll, beforeAll, expect, test } from "vitest";
import { type Nutcracker, startNutcracker, startRedis, until } from "../../servers/index.ts";
import { MergeWorld } from "./merge-world.ts";
import { ruleDifferences } from "./rule-differences.ts";

const KEYS = 920;
const names = Array.from({ length: KEYS }, (_, number) => `user:${number}`);

let world: MergeWorld;
let nutcracker: Nutcracker;
/** Keys of the ejected shard, which others have been given meanwhile. */
let duplicates: string[];

const owned = (shard: number) => names.filter((name) => world.ownerOf(name) === shard);

/** What a client does: it tries again until nutcracker has found another server. */
async function setAll(value: string): Promise<void> {
  for (let at = 0; at < names.length; at += 20) {
    const set = async (name: string) => {
      await until(() => nutcracker.client.set(name, `${value} of ${name}`), { what: `${name} is set` });
    };
    await Promise.all(names.slice(at, at + 20).map(set));
  }
}

/** Where the stale copy of a key lies: on the shard that has it and is not its owner. */
async function holderOf(name: string): Promise<number> {
  for (const shard of [0, 1]) if ((await world.client(shard).exists(name)) === 1) return shard;
  throw new Error(`nobody has a copy of ${name}`);
}

const there = (name: string) => world.destination.client.get(name);

beforeAll(async () => {
  const servers = await Promise.all([startRedis(), startRedis(), startRedis()]);
  const ring = {
    hash: "fnv1a_64",
    hashTag: null,
    distribution: "ketama",
    servers: servers.map((_, shardIndex) => ({ name: `alpha-${shardIndex}`, weight: 1, shardIndex })),
  } as const;
  world = await MergeWorld.start({ shards: 3, policy: "owner-wins", servers, ring });
  nutcracker = await startNutcracker({
    autoEject: true,
    servers: servers.map(({ port }, index) => ({ port, name: `alpha-${index}` })),
  });
  await setAll("before");
  await world.synchronizing();
  await world.settled();
  const ejected = servers[2]!;
  await ejected.client.save();
  await ejected.kill();
  await setAll("while it is away");
  duplicates = owned(2);
  await ejected.restart();
  const [first] = duplicates;
  await until(async () => /^before/.test((await nutcracker.client.get(first!)) ?? ""), {
    what: "nutcracker asks the shard again that it had ejected",
  });
  await world.settled();
}, 120_000);
afterAll(() => world.stop());

test("a third of the keys are on two shards", async () => {
  expect(duplicates.length).toBeGreaterThan(200);
  const copies = await Promise.all([0, 1].map((shard) => world.client(shard).exists(...duplicates)));
  expect(copies[0]! + copies[1]!).toBe(duplicates.length);
});

test("every key is as its owner has it, and the reports name the duplicates", async () => {
  expect(await ruleDifferences(world)).toEqual([]);
  await until(() => (world.syncs[0]!.latest?.merge?.strays ?? 0) > 0, { what: "it is reported" });
  await until(
    () => {
      const strays = world.syncs.slice(0, 2).map(({ latest }) => latest?.merge?.strays ?? 0);
      return strays[0]! + strays[1]! === duplicates.length;
    },
    { what: "the reports count each duplicate once" },
  );
  const { samples } = world.syncs[0]!.latest!.merge!;
  expect(samples.length).toBeGreaterThan(0);
  for (const { kind, key, shard } of samples) {
    expect([kind, shard]).toEqual(["stray", "s2"]);
    expect(duplicates).toContain(key);
  }
});

test("neither writes, DEL nor EXPIRE of a stale copy come to the destination", async () => {
  const monitor = await world.destination.client.monitor();
  const seen: string[] = [];
  monitor.on("monitor", (_time: string, args: string[]) => seen.push(args.join(" ")));
  const [written, removed, expiring, renamed] = duplicates;
  const at = await Promise.all([written!, removed!, expiring!, renamed!].map(holderOf));
  await world.client(at[0]!).set(written!, "stale");
  await world.client(at[1]!).del(removed!);
  await world.client(at[2]!).pexpire(expiring!, 1);
  await world.client(at[3]!).rename(renamed!, world.nameOf(at[3]!, "renamed:"));
  await until(async () => (await world.client(at[2]!).exists(expiring!)) === 0, { what: "it has expired" });
  await world.settled();
  monitor.disconnect();
  // Its name is in what the shard syncs note about it, among others.
  const data = seen.filter((line) => !/^\w+ tributary:/i.test(line));
  for (const name of [written!, removed!, expiring!, renamed!]) {
    expect(data.filter((line) => line.split(" ").includes(name))).toEqual([]);
    expect(await there(name)).toBe(`before of ${name}`);
  }
  expect(await ruleDifferences(world)).toEqual([]);
});

test("a key that its owner deletes is the stale copy from then on, until its owner has it again", async () => {
  const name = duplicates[10]!;
  await nutcracker.client.del(name);
  await world.settled();
  expect(await there(name)).toBe(`while it is away of ${name}`);
  await until(() => world.syncs[2]!.latest?.merge?.lone === 1, { what: "one lone stray is reported" });
  expect(world.syncs[2]!.latest?.merge?.samples).toContainEqual(
    expect.objectContaining({ kind: "lone", key: name }),
  );
  await nutcracker.client.append(name, "again");
  await world.settled();
  expect(await there(name)).toBe("again");
  await until(() => world.syncs[2]!.latest?.merge?.lone === 0, { what: "none is reported any more" });
});

test("traffic goes on, and a full re-sync of each shard in turn changes nothing", async () => {
  await setAll("afterwards");
  // Some are left to their stale copies before.
  for (const name of duplicates.slice(20, 40)) await nutcracker.client.del(name);
  await world.settled();
  expect(await ruleDifferences(world)).toEqual([]);
  for (const shard of [0, 1, 2]) {
    await world.copyAgain(shard);
    expect(await ruleDifferences(world), `shard ${shard} was copied again`).toEqual([]);
  }
  expect(world.syncs.flatMap((sync) => sync.refused())).toEqual([]);
}, 120_000);
