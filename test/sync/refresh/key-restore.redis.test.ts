import { expect, test } from "vitest";
import { parseInfo, serverFacts } from "../../../server/redis/server-info.ts";
import {
  abilitiesOf,
  type DestinationAbilities,
} from "../../../server/sync/destination/destination-abilities.ts";
import type { DoubtfulKey } from "../../../server/sync/doubtful/doubtful-keys.ts";
import { dumpKeys, pageThatFits } from "../../../server/sync/refresh/key-dump.ts";
import { restoreCommands } from "../../../server/sync/refresh/key-restore.ts";
import { compareUnion, describeDifferences } from "../../digest/compare-union.ts";
import { startRedis } from "../../servers/index.ts";
import { fillMixed } from "../../traffic/fill-mixed.ts";

const source = await startRedis();
const destination = await startRedis();
const facts = serverFacts(parseInfo(await destination.client.info()));
const own = abilitiesOf(facts, facts.redisVersion);
const abilities: Readonly<Record<string, DestinationAbilities>> = {
  own,
  "none of RESTORE's options": { ...own, restoreAbsTtl: false, restoreReplace: false },
  "none of the encodings": { ...own, restoreVersion: () => null },
};
const seed = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
console.log(`seed: TEST_SEED=${seed}`);
await fillMixed(source.client, { keys: 600, seed, prefix: "" });
await source.client.set("lives", "long", "PXAT", Date.now() + 1_000_000_000);

async function doubtful(doubt: DoubtfulKey["doubt"]): Promise<DoubtfulKey[]> {
  return (await source.client.keysBuffer("*")).map((key) => ({ doubt, db: 0, key }));
}

test.each([
  ...Object.keys(abilities).map((name) => ({ name, decode: false })),
  { name: "own", decode: true },
])(
  "a destination with $name gets every dumped key with its life (decoded: $decode)",
  async ({ name, decode }) => {
    const keys = await doubtful("copy");
    const { values, offset } = await dumpKeys(source.client, 700, keys);
    expect(offset).toBeGreaterThanOrEqual(0n);
    await destination.client.flushall();
    await destination.client.set("lives", "short");
    await destination.client.set("gone", "on the source");
    const gone = { payload: null, expireAt: -1 };
    const all = [...keys.map(({ key }, index) => ({ key, value: values[index]! }))];
    for (const { key, value } of [...all, { key: Buffer.from("gone"), value: gone }]) {
      const options = { decode, now: Date.now(), role: "the source" };
      const { commands, losses } = await restoreCommands(
        key,
        value,
        value.expireAt,
        abilities[name]!,
        options,
      );
      // Of a stream's consumers that cannot be said by commands.
      expect(losses.filter(({ text }) => !/consumer was last seen/.test(text))).toEqual([]);
      for (const bytes of commands) {
        const [command, ...args] = argumentsOf(bytes);
        await destination.client.callBuffer(command!.toString(), ...args);
      }
    }
    // Where an expiry can be told in no other way than from now on, it is as late as the command.
    const comparison = await compareUnion({
      shards: [source.client],
      destination: destination.client,
      expiryToleranceMs: abilities[name]!.restoreAbsTtl ? 1 : 5_000,
    });
    expect(comparison.differences, describeDifferences(comparison)).toEqual([]);
  },
);

/** A command of RESP. */
function argumentsOf(bytes: Buffer): Buffer[] {
  const args: Buffer[] = [];
  let at = bytes.indexOf("\r\n") + 2;
  while (at < bytes.length) {
    const end = bytes.indexOf("\r\n", at);
    const length = Number(bytes.toString("latin1", at + 1, end));
    args.push(bytes.subarray(end + 2, end + 2 + length));
    at = end + 2 + length + 2;
  }
  return args;
}

test("the expiry of a dumped key is what it is on the source, to the millisecond", async () => {
  const keys = [{ doubt: "copy" as const, db: 0, key: Buffer.from("lives") }];
  const expireAt = Number(await source.client.call("PEXPIRETIME", "lives"));
  for (const release of [500, 600, 700]) {
    const { values } = await dumpKeys(source.client, release, keys);
    expect(Math.abs(Number(values[0]!.expireAt) - expireAt), `as of release ${release}`).toBeLessThanOrEqual(
      release < 700 ? 1 : 0,
    );
  }
});

test("a page holds what fits into memory, and leaves out what never will", async () => {
  const { client } = source;
  for (let n = 0; n < 10; n++) await client.setrange(`big:${n}`, 1024 * 1024 - 1, "x");
  await client.setrange("huge", 40 * 1024 * 1024, "x");
  const keys = ["huge", ...Array.from({ length: 10 }, (_, n) => `big:${n}`)].map((key) => ({
    doubt: "copy" as const,
    db: 0,
    key: Buffer.from(key),
  }));
  const { fitting, tooLarge } = await pageThatFits(client, keys);
  expect(tooLarge).toEqual([0]);
  expect(fitting.length).toBeGreaterThanOrEqual(2);
  expect(fitting.length).toBeLessThan(5);
  const asked = keys.map((key) => ({ ...key, doubt: "ask" as const }));
  expect((await pageThatFits(client, asked)).fitting).toHaveLength(keys.length);
});
