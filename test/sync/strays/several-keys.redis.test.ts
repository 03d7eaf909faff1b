import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keyCountOf } from "../../../server/redis/command-facts.ts";
import type { KeyFacts } from "../../digest/key-listing.ts";
import { isAtLeast, versionOf } from "../../matrix/run-example.ts";
import { commandsOf, replicatedCommands } from "../../matrix/server-commands.ts";
import { startRedis } from "../../servers/index.ts";
import { commandExamples, internalCommands } from "../commands/command-examples.ts";
import { describeFacts, type Holdings, holdingsOf, rightfulOnes, sameFacts } from "./holdings.ts";
import { keepUnblocked } from "./keep-unblocked.ts";
import { MergeWorld } from "./merge-world.ts";

const probe = await startRedis();
const version = await versionOf(probe.client);
const commands = await commandsOf(probe.client);
const several = replicatedCommands(commands).filter((name) => keyCountOf(name) === "several");

const FAR = Date.now() + 1_000_000_000;

/** In the place of an example that names one key only, or goes its own way. */
const OWN_EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  EVAL: [
    "SADD $a 1",
    "SET $b 1",
    "EVAL redis.call('SADD',KEYS[1],'x');return(redis.call('RENAME',KEYS[1],KEYS[2])) 2 $a $b",
  ],
  EVALSHA: ["SET $a 1", "SET $b 1", "EVALSHA @sha 2 $a $b"],
  FCALL: ["SET $a 1", "SET $b 1", "FCALL twof 2 $a $b"],
  MIGRATE: [
    "SET $a 1",
    "SET $b 1",
    "MIGRATE 127.0.0.1 @port  0 5000 COPY REPLACE KEYS $b",
    "MIGRATE 127.0.0.1 @port  0 5000 REPLACE KEYS $a $b",
  ],
};

/** What the examples do not have: keys that are named twice, that go, that come with an expiry, in other databases. */
const MORE: readonly (readonly [string, readonly string[]])[] = [
  ["DEL", ["SET $a 1", "SET $b 2", "SET $c 3", "DEL $a $b $c"]],
  ["UNLINK", ["SET $a 1", "SET $b 2", "SET $c 3", "UNLINK $a $b $c"]],
  ["MSET", ["RPUSH $a 1", `SET $b 2 PXAT ${FAR}`, "MSET $a 1 $b 2 $c 3"]],
  ["RENAME", [`SET $a 1 PXAT ${FAR}`, "SADD $b 2", "RENAME $a $b"]],
  ["COPY", ["SET $a 1", "COPY $a $a DB 2"]],
  ["COPY", [`SET $a 1 PXAT ${FAR}`, "COPY $a $b DB 2", "COPY $a $b DB 2 REPLACE"]],
  ["MOVE", ["SADD $a 1", "MOVE $a 2"]],
  ["SDIFFSTORE", ["SADD $a 1 2", "SADD $b 1", "SDIFFSTORE $a $a $b"]],
  ["SDIFFSTORE", ["SADD $a 1 2", "SDIFFSTORE $a $a $a"]],
  ["SINTERSTORE", ["SADD $a 1", "SADD $b 2", "SADD $c 3", "SINTERSTORE $c $a $b"]],
  ["ZUNIONSTORE", ["ZADD $a 1 x", "SADD $b y", "ZUNIONSTORE $a 2 $a $b"]],
  ["SORT", ["RPUSH $a 2 1", "SET $w1 9", "SET $w2 3", "SET $b old", "SORT $a BY $w* GET # GET $w* STORE $b"]],
  ["SORT", ["SET $b old", "SORT $a STORE $b"]],
  ["RPOPLPUSH", ["RPUSH $a 1", "RPUSH $b 2", "RPOPLPUSH $a $b"]],
  ["SMOVE", ["SADD $a 1", "SMOVE $a $b 1"]],
  ["LMOVE", ["RPUSH $a 1", "LMOVE $a $b LEFT LEFT"]],
  ["BLMOVE", ["RPUSH $a 1 2", "BLMOVE $a $a LEFT RIGHT 1"]],
  ["BITOP", ["SET $a x", "BITOP NOT $b $a"]],
  ["BITOP", ["SET $c old", "BITOP AND $c $a $b"]],
  ["PFMERGE", ["PFADD $a 1", "PFADD $b 2", "PFMERGE $a $b"]],
  ["ZRANGESTORE", ["ZADD $a 1 x", "ZRANGESTORE $a $a 5 6"]],
];

type Example = { readonly name: string; readonly setup: readonly string[]; readonly run: readonly string[] };

/** The last texts that begin with the command's name are the command, those before make ready for it. */
function exampleOf(name: string, texts: readonly string[]): Example {
  const isCommand = (text: string) => `${text} `.startsWith(`${name} `);
  const first = texts.length - [...texts].reverse().findIndex((text) => !isCommand(text));
  const at = texts.every(isCommand) ? 0 : first;
  return { name, setup: texts.slice(0, at), run: texts.slice(at) };
}

const examples: Example[] = several.flatMap((name) => {
  if (name in internalCommands) return [];
  const texts = OWN_EXAMPLES[name] ?? commandExamples[name];
  if (typeof texts !== "object") return [];
  const known = texts.flatMap((text) => {
    if (typeof text === "string") return [text];
    return isAtLeast(version, text[version.flavor]) ? [text.text] : [];
  });
  return [exampleOf(name, known)];
});
examples.push(...MORE.map(([name, texts]) => exampleOf(name, texts)));

/**
 * What reaches a replica as commands of one key each. Without a ring nobody says whose a key is that two shards hold,
 * and such a command is applied to what was written last.
 */
const ONE_KEY_EACH = /^(EVALSHA|FCALL|PFCOUNT|XREADGROUP|B?LMPOP|B[LR]POP|B?ZMPOP|BZPOP)/;

/** What of a command's keys is where, before shard 0 runs it. */
const presences = ["each at its owner", "all on shard 0", "all on shard 0, others at their owners"] as const;
const moments = ["live", "within MULTI", "while no engine runs"] as const;

type Case = {
  readonly shown: string;
  readonly setup: readonly string[];
  readonly run: readonly string[];
  readonly keys: readonly string[];
  readonly presence: (typeof presences)[number];
};

const lettersOf = (texts: readonly string[]) => [
  ...new Set(texts.flatMap((text) => text.match(/\$[a-z]+\d*/g) ?? [])),
];

/** Two shards do not show it, and it is not the same but for the names of the other two. */
function isThreefold(owners: readonly number[]): boolean {
  return owners.includes(2) && owners.includes(1) && owners.indexOf(1) < owners.indexOf(2);
}

/** Each example with its keys dealt to the shards in every way. */
function casesOf(world: MergeWorld, moment: string): Case[] {
  const { length: shards } = world.shards;
  return examples.flatMap((example, number) => {
    const letters = lettersOf([...example.setup, ...example.run]).filter((letter) => letter !== "$w");
    // With more of them, the others are shard 0's.
    const dealt = letters.slice(0, shards > 2 ? 3 : 4);
    const spreads = Array.from({ length: shards ** dealt.length }, (_, spread) =>
      dealt.map((_letter, at) => Math.floor(spread / shards ** at) % shards),
    ).filter((owners) => shards === 2 || isThreefold(owners));
    const collides = lettersOf(example.run).length > 1 && !ONE_KEY_EACH.test(example.name);
    const tried = world.policy === "last-write" && !collides ? presences.slice(0, -1) : [...presences];
    return spreads.flatMap((owners) =>
      tried.map((presence, at): Case => {
        const prefix = `${moment[0]}${moment[7] ?? ""}:${number}:${at}:${owners.join("")}:`;
        const names = new Map(
          letters.map((letter, place) => {
            // Names of a pattern cannot be sought after: they fall where they fall.
            if (letter.startsWith("$w")) return [letter, `${prefix}${letter.slice(1)}`];
            return [letter, world.nameOf(owners[place] ?? 0, `${prefix}${letter.slice(1)}.`)];
          }),
        );
        const named = (text: string) =>
          text.replaceAll(/\$w\*/g, `${prefix}w*`).replaceAll(/\$[a-z]+\d*/g, (letter) => names.get(letter)!);
        const shown = `${example.run.join("; ")} [${dealt.map((letter, place) => `${letter}: ${owners[place]}`).join(", ")}; ${presence}]`;
        return {
          shown,
          setup: example.setup.map(named),
          run: example.run.map(named),
          keys: [...names.values()],
          presence,
        };
      }),
    );
  });
}

async function prepare(world: MergeWorld, { setup, keys, presence }: Case): Promise<void> {
  for (const text of setup) {
    const words = text.split(" ");
    const key = keys.find((name) => words.includes(name))!;
    const at = presence === "each at its owner" ? world.ownerOf(key) : 0;
    await world.client(at).call(...(words as [string, ...string[]]));
  }
  if (presence !== "all on shard 0, others at their owners") return;
  for (const key of keys) {
    const owner = world.ownerOf(key);
    if (owner !== 0) await world.client(owner).call("SET", key, `of its owner ${owner}`, "PXAT", FAR + owner);
  }
}

async function runAll(world: MergeWorld, cases: readonly Case[], inMulti: boolean): Promise<void> {
  const client = world.client(0);
  const sha = String(
    await client.call("SCRIPT", "LOAD", "redis.call('DEL',KEYS[2]);return(redis.call('SET',KEYS[1],'y'))"),
  );
  await client.call(
    "FUNCTION",
    "LOAD",
    "REPLACE",
    "#!lua name=two\nredis.register_function('twof', function(keys) redis.call('RENAME', keys[2], keys[1]) end)",
  );
  const wordsOf = (text: string) =>
    text.split(" ").map((word) => (word === "@sha" ? sha : word === "@port" ? String(probe.port) : word)) as [
      string,
      ...string[],
    ];
  // A condition may not hold, or a value be of another type: then the shard has done nothing, and hands nothing on.
  const run = (text: string) => client.call(...wordsOf(text)).catch(() => {});
  const unblocked = await keepUnblocked(client);
  for (let at = 0; at < cases.length; at += 50) {
    await Promise.all(
      cases.slice(at, at + 50).map(async (one) => {
        if (!inMulti) return await Promise.all(one.run.map(run));
        const transaction = client.multi();
        for (const text of one.run) transaction.call(...wordsOf(text));
        transaction.set(`${one.keys[0]}:beside`, 1);
        return await transaction.exec();
      }),
    );
  }
  unblocked.end();
}

type Seen = { readonly shards: readonly Holdings[]; readonly destination: Holdings };

async function look(world: MergeWorld): Promise<Seen> {
  const [destination, ...shards] = await Promise.all(
    [world.destination, ...world.shards].map(({ client }) => holdingsOf(client, [0, 2])),
  );
  return { destination: destination!, shards };
}

/**
 * Without a ring, whatever was written last stays: what shard 0 has changed is as shard 0 has it; where that has
 * removed it, as another shard has it; the rest is as it was.
 */
function afterwards(name: string, before: Seen, after: Seen): (KeyFacts | undefined)[] {
  const [was, is] = [before.shards[0]!.get(name), after.shards[0]!.get(name)];
  if (sameFacts(was, is)) return [before.destination.get(name), ...(is === undefined ? [] : [is])];
  if (is !== undefined) return [is];
  const others = after.shards.slice(1).flatMap((held) => held.get(name) ?? []);
  return others.length === 0 ? [undefined] : others;
}

function wrongs(world: MergeWorld, cases: readonly Case[], before: Seen, after: Seen): string[] {
  return cases.flatMap(({ shown, keys }) =>
    [...keys, `${keys[0]}:beside`].flatMap((key) =>
      [0, 2].flatMap((db) => {
        const name = `${db} ${key}`;
        const is = after.destination.get(name);
        const may =
          world.policy === "last-write"
            ? afterwards(name, before, after)
            : rightfulOnes(name, world.ownerOf(key), after.shards, world.policy === "owner-only");
        if (may.some((one) => sameFacts(one, is))) return [];
        const held = after.shards.map((shard) => describeFacts(shard.get(name))).join(", ");
        return [
          `${shown}: ${name} is ${describeFacts(is)}, should be ${describeFacts(may[0])} (was ${describeFacts(before.destination.get(name))}; the shards have ${held})`,
        ];
      }),
    ),
  );
}

test("every write command that may name several keys has an example with several", () => {
  expect(several.length).toBeGreaterThan(30);
  const tried = new Map<string, number>();
  for (const { name, run } of examples) {
    tried.set(name, Math.max(tried.get(name) ?? 0, lettersOf(run).length));
  }
  const named = several.filter((name) => !(name in internalCommands));
  // Of a stream, XREADGROUP reaches a replica as commands of one key each; the count of one HyperLogLog is kept.
  const alone = ["XREADGROUP", "PFCOUNT"];
  expect(named.filter((name) => (tried.get(name) ?? 0) < 2 && !alone.includes(name))).toEqual([]);
});

const worlds = [
  { shards: 2, policy: "owner-wins", when: moments },
  { shards: 3, policy: "owner-wins", when: moments },
  { shards: 2, policy: "owner-only", when: ["live"] },
  { shards: 2, policy: "last-write", when: moments },
  { shards: 3, policy: "last-write", when: ["live"] },
] as const;

describe.each(worlds)("$policy with $shards shards", ({ shards, policy, when }) => {
  let world: MergeWorld;
  beforeAll(async () => {
    world = await MergeWorld.start({ shards, policy });
  });
  afterAll(() => world.stop());

  test.each(when)(
    "commands over several keys, %s",
    async (moment) => {
      const cases = casesOf(world, moment);
      for (let at = 0; at < cases.length; at += 200) {
        await Promise.all(cases.slice(at, at + 200).map((one) => prepare(world, one)));
      }
      await world.synchronizing();
      await world.settled();
      const before = await look(world);
      if (moment === "while no engine runs") await world.stop();
      await runAll(world, cases, moment === "within MULTI");
      if (moment === "while no engine runs") await world.synchronizing();
      await world.settled();
      const found = wrongs(world, cases, before, await look(world));
      await world.stop();
      expect(found.slice(0, 20), `${found.length} of ${cases.length} cases`).toEqual([]);
      // Without a ring, a command over one key may meet another shard's value.
      const refused = world.syncs.flatMap((sync) => sync.refused());
      expect(
        policy === "last-write" ? refused.filter(({ command }) => several.includes(command)) : refused,
      ).toEqual([]);
    },
    120_000,
  );
});
