import { expect, test } from "vitest";
import { parseInfo, serverFacts } from "../../server/redis/server-info.ts";
import { startRedis } from "../servers/index.ts";
import { fuzz, fuzzRuns, fuzzTimeout } from "./fuzz.ts";

const replid = "fd1bf36532ec3ff03ee38523e8c6ef62f1308291";
/** What other servers say and the installed one does not: their fields, with values of theirs. */
const others = [
  `# Server\r\nredis_version:2.8.24\r\nredis_mode:standalone\r\nrun_id:${replid}\r\n\r\n# Memory\r\nused_memory:500\r\n\r\n# Replication\r\nrole:slave\r\nmaster_host:10.0.0.1\r\nmaster_port:6379\r\nmaster_link_status:down\r\nslave_read_only:1\r\nconnected_slaves:0\r\nmaster_repl_offset:0\r\nrepl_backlog_active:0\r\nrepl_backlog_size:1048576\r\nrepl_backlog_first_byte_offset:0\r\n\r\n# Keyspace\r\ndb0:keys=1,expires=0,avg_ttl=0\r\n`,
  `# Server\r\nredis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:9.0.1\r\nvalkey_release_stage:ga\r\nserver_mode:cluster\r\nrun_id:${replid}\r\n\r\n# Replication\r\nrole:master\r\nconnected_slaves:1\r\nslave0:ip=127.0.0.1,port=6380,state=online,offset=14,lag=1,type=replica\r\nreplicas_waiting_psync:0\r\nmaster_replid:${replid}\r\nmaster_replid2:${replid}\r\nmaster_repl_offset:9007199254740993\r\nsecond_repl_offset:77\r\nrepl_backlog_active:1\r\nrepl_backlog_size:10485760\r\nrepl_backlog_first_byte_offset:9007199253692418\r\n\r\n# Keyspace\r\ndb0:keys=12,expires=3,avg_ttl=5,keys_with_volatile_items=0\r\n`,
  `# Server\r\nredis_version:8.0.0\r\nredis_mode:standalone\r\n\r\n# Memory\r\nused_memory:1000000\r\nused_memory_dataset:22856\r\nmaxmemory:1048576\r\nmaxmemory_policy:allkeys-lru\r\n\r\n# Modules\r\nmodule:name=bf,ver=80001,api=1,filters=0,usedby=[],using=[],options=[]\r\nmodule:name=ReJSON,ver=80001,api=1,filters=0,usedby=[search],using=[],options=[handle-io-errors]\r\n\r\n# Keyspace\r\ndb0:keys=1,expires=0,avg_ttl=0,subexpiry=1\r\ndb10:keys=1,expires=0,avg_ttl=0,subexpiry=0\r\n`,
  "# Server\r\nredis_version:6.3.4\r\nexecutable:/usr/bin/keydb-server\r\n\r\n# KeyDB\r\nmvcc_depth:0\r\n\r\n# Replication\r\nrole:active-replica\r\n",
  "# Server\r\nredis_version:7.4.0\r\ndragonfly_version:df-v1.27.1\r\nredis_mode:standalone\r\n\r\n# Replication\r\nrole:master\r\nconnected_slaves:0\r\n",
  "# Server\r\nredis_version:7.0.15\r\nredis_mode:sentinel\r\n\r\n# Sentinel\r\nsentinel_masters:1\r\nmaster0:name=mymaster,status=ok,address=127.0.0.1:6379,slaves=1,sentinels=3\r\n",
];

test(`any INFO is read, since parsing it never fails, and without a number that is none, ${fuzzRuns} times`, {
  timeout: fuzzTimeout,
}, async () => {
  const master = await startRedis();
  const replica = await startRedis({ replicaOf: master.port });
  await master.client.mset("a", 1, "b", 2);
  const real = [];
  for (const server of [master, replica]) {
    for (const section of ["default", "everything", "replication", "keyspace", "memory", "server"]) {
      real.push(Buffer.from(await server.client.info(section), "latin1"));
    }
  }
  expect(serverFacts(parseInfo(real[0]!.toString())).version).toMatch(/^\d+\.\d+/);
  await fuzz({
    name: "INFO",
    corpus: [...real, ...others.map((text) => Buffer.from(text))],
    fields: "decimal",
    refuses: false,
    mayAllocate: () => 1024,
    read: (input) => {
      const facts = serverFacts(parseInfo(input.toString("latin1")));
      const counts = [facts.backlogSize, facts.usedMemory, facts.connectedReplicas];
      counts.push(facts.maxMemory ?? 0, facts.usedMemoryDataset ?? 0);
      for (const { db, keys, expires } of facts.keyspace) counts.push(db, keys, expires);
      for (const count of counts) expect(Number.isSafeInteger(count) && count >= 0).toBe(true);
      for (const offset of [facts.masterReplOffset, facts.secondReplOffset, facts.backlogFirstByteOffset]) {
        if (offset !== null) expect(typeof offset).toBe("bigint");
      }
      expect(facts.replid2 ?? replid).toMatch(/^[0-9a-f]{40}$/);
      return false;
    },
  });
});
