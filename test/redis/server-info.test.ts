import fc from "fast-check";
import { expect, test } from "vitest";
import { parseInfo, serverFacts } from "../../server/redis/server-info.ts";

const replid = "fd1bf36532ec3ff03ee38523e8c6ef62f1308291";
const redis7 = `# Server\r
redis_version:7.0.15\r
redis_mode:standalone\r
run_id:9910983d6526660e934c790674c4e0cf19dfcb5f\r
executable:/usr/bin/redis-server\r
\r
# Memory\r
used_memory:916192\r
used_memory_dataset:22856\r
maxmemory:1048576\r
maxmemory_policy:allkeys-lru\r
\r
# Persistence\r
loading:0\r
\r
# Replication\r
role:master\r
connected_slaves:2\r
slave0:ip=127.0.0.1,port=6380,state=online,offset=14,lag=1\r
slave1:ip=127.0.0.1,port=6381,state=online,offset=14,lag=1\r
master_replid:${replid}\r
master_replid2:0000000000000000000000000000000000000000\r
master_repl_offset:9007199254740993\r
second_repl_offset:-1\r
repl_backlog_active:1\r
repl_backlog_size:1048576\r
repl_backlog_first_byte_offset:9007199253692418\r
repl_backlog_histlen:1048576\r
\r
# Modules\r
module:name=bf,ver=20612,api=1\r
module:name=ReJSON,ver=20610,api=1\r
\r
# Keyspace\r
db0:keys=12,expires=3,avg_ttl=5\r
db10:keys=1,expires=0,avg_ttl=0,subexpiry=0\r
db2:keys=7,expires=7,avg_ttl=9\r
`;

test("reads a master's facts, with offsets past 2^53 exact", () => {
  expect(serverFacts(parseInfo(redis7))).toEqual({
    flavor: "redis",
    version: "7.0.15",
    redisVersion: "7.0.15",
    mode: "standalone",
    role: "master",
    runId: "9910983d6526660e934c790674c4e0cf19dfcb5f",
    loading: false,
    replid,
    replid2: null,
    masterReplOffset: 9007199254740993n,
    secondReplOffset: null,
    backlogActive: true,
    backlogSize: 1048576,
    backlogFirstByteOffset: 9007199253692418n,
    connectedReplicas: 2,
    masterAddress: null,
    masterLinkUp: null,
    replicaReadOnly: null,
    usedMemory: 916192,
    usedMemoryDataset: 22856,
    maxMemory: 1048576,
    maxMemoryPolicy: "allkeys-lru",
    keyspace: [
      { db: 0, keys: 12, expires: 3 },
      { db: 2, keys: 7, expires: 7 },
      { db: 10, keys: 1, expires: 0 },
    ],
    modules: ["bf", "ReJSON"],
  });
});

test("reads Valkey, whose own version stands beside the Redis version", () => {
  const text =
    "# Server\nredis_version:7.2.4\nserver_name:valkey\nvalkey_version:9.0.1\nserver_mode:cluster\n";
  const facts = serverFacts(parseInfo(text));
  expect(facts).toMatchObject({ flavor: "valkey", version: "9.0.1", redisVersion: "7.2.4", mode: "cluster" });
});

test("reads a replica after a failover", () => {
  const facts = serverFacts(
    parseInfo(
      "# Replication\nrole:slave\nmaster_host:10.0.0.1\nmaster_port:6379\nmaster_link_status:down\n" +
        `slave_read_only:1\nmaster_replid:${"a".repeat(40)}\nmaster_replid2:${replid}\nsecond_repl_offset:77\n`,
    ),
  );
  expect(facts).toMatchObject({
    role: "replica",
    masterAddress: "10.0.0.1:6379",
    masterLinkUp: false,
    replicaReadOnly: true,
    replid2: replid,
    secondReplOffset: 77n,
  });
});

test("promises nothing that INFO does not say (Redis 2.8, a Sentinel, an empty reply)", () => {
  const old = serverFacts(
    parseInfo(
      "# Server\nredis_version:2.8.24\nrun_id:ab\n# Replication\nrole:master\nmaster_repl_offset:5\n",
    ),
  );
  expect(old).toMatchObject({ replid: "", maxMemory: null, maxMemoryPolicy: null, masterReplOffset: 5n });
  expect(serverFacts(parseInfo("redis_mode:sentinel")).mode).toBe("sentinel");
  expect(serverFacts(parseInfo(""))).toMatchObject({ version: "", runId: "", keyspace: [], modules: [] });
});

test("refuses no text, and a broken line costs no other line's field: there is no error that could name a place", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 40 }), fc.nat(1_000), (garbage, at) => {
      const lines = redis7.split("\r\n");
      // A section's title in the garbage would put what follows into another section.
      lines.splice(at % lines.length, 0, garbage.replace(/[\n#:]/g, ""));
      expect(serverFacts(parseInfo(lines.join("\r\n")))).toEqual(serverFacts(parseInfo(redis7)));
    }),
  );
});

test("reads a field that comes again and again without taking ever longer", () => {
  const began = performance.now();
  const modules = parseInfo(`# Modules\n${"module:name=a\n".repeat(100_000)}`).get("modules");
  // The title is the first of the lines that are read.
  expect([modules?.size, modules?.has("module#49999")]).toEqual([49_999, true]);
  expect(performance.now() - began).toBeLessThan(5_000);
});

test("takes no time for any number of sections, and no room for a long name", () => {
  const began = performance.now();
  const facts = serverFacts(
    parseInfo(`redis_version:${"9".repeat(1_000_000)}\n${"#a\n#b\n".repeat(150_000)}`),
  );
  expect(facts.version).toHaveLength(255);
  expect(performance.now() - began).toBeLessThan(2_000);
});

test("reads any mutation of INFO without throwing, and never a number that is not one", () => {
  const piece = fc.oneof(
    fc.string({ maxLength: 12 }),
    fc.constantFrom("\r\n", ":", "#", "-1", "1e9", "99999999999999999999"),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(redis7.length), fc.nat(60), piece), { maxLength: 8 }), (edits) => {
      let text = redis7;
      for (const [at, cut, insert] of edits) text = text.slice(0, at) + insert + text.slice(at + cut);
      const facts = serverFacts(parseInfo(text));
      for (const number of [
        facts.backlogSize,
        facts.usedMemory,
        facts.connectedReplicas,
        facts.maxMemory ?? 0,
      ]) {
        expect(Number.isSafeInteger(number) && number >= 0).toBe(true);
      }
      for (const { db, keys, expires } of facts.keyspace) {
        expect(Number.isSafeInteger(db + keys + expires)).toBe(true);
      }
      expect(typeof facts.masterReplOffset).toBe("bigint");
    }),
    { numRuns: 2000 },
  );
});
