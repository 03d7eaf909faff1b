import { expect, test } from "vitest";
import { checkAutoEject } from "../../server/precheck/check-auto-eject.ts";
import { checkDestinationEmpty } from "../../server/precheck/check-destination-empty.ts";
import { checkDestinationMemory } from "../../server/precheck/check-destination-memory.ts";
import { checkModules } from "../../server/precheck/check-modules.ts";
import { checkSameServer } from "../../server/precheck/check-same-server.ts";
import { checkVersions } from "../../server/precheck/check-versions.ts";
import type { Precheck } from "../../server/precheck/precheck-report.ts";
import type { ServerAnswers } from "../../server/precheck/server-answers.ts";
import { parseEndpoint } from "../../server/redis/endpoint.ts";
import { parseInfo, serverFacts } from "../../server/redis/server-info.ts";
import { plainQuestion } from "./merge-question.ts";

function answers(subject: string, info: string): ServerAnswers {
  return {
    subject,
    role: subject,
    address: "h:1",
    failure: null,
    facts: serverFacts(parseInfo(info)),
    settings: new Map(),
    databaseCount: null,
    refusals: new Map(),
    ownKeys: new Map(),
    neighbors: [],
    began: false,
  };
}

function precheck(source: string, destination: string): Precheck {
  const shard = { id: "s1", name: "a", endpoint: parseEndpoint("h:1") };
  return {
    shards: [{ ...answers("shard a", source), shard, others: null }],
    destination: answers("destination", destination),
    databases: null,
    heartbeatDb: 0,
    autoEjectHosts: null,
    stats: null,
    merge: plainQuestion,
    use: null,
  };
}

const redis = (version: string) => `redis_version:${version}`;
const valkey = (version: string) => `redis_version:7.2.4\nserver_name:valkey\nvalkey_version:${version}`;

test.each([
  [redis("6.2.14"), redis("7.0.15"), "ok"],
  [redis("7.0.15"), redis("7.0.1"), "ok"],
  [redis("7.0.15"), redis("6.2.14"), "warning"],
  [redis("10.0.0"), redis("9.0.0"), "warning"],
  [valkey("9.0.1"), valkey("8.1.0"), "warning"],
  [valkey("8.0.0"), redis("7.0.15"), "warning"],
  [redis("7.0.15"), valkey("8.0.0"), "ok"],
  [redis("8.0.0"), valkey("9.0.0"), "warning"],
])("warns when %j flows into the older %j", (source, destination, level) => {
  expect(checkVersions(precheck(source, destination))[0]?.level).toBe(level);
});

test("names the modules whose values are not copied", () => {
  const loaded = `${redis("7.0.15")}\n# Modules\nmodule:name=bf,ver=1\nmodule:name=ReJSON,ver=2\n`;
  expect(checkModules(precheck(loaded, redis("7.0.15")))[0]).toMatchObject({
    level: "warning",
    current: "bf, ReJSON",
  });
});

test("names vector sets only where the destination has none, and a module without values never", () => {
  const loaded = (name: string) => `${redis("8.0.2")}\n# Modules\nmodule:name=${name},ver=1\n`;
  const level = (from: string, to: string) => checkModules(precheck(from, to))[0]?.level;
  expect(level(loaded("vectorset"), redis("7.0.15"))).toBe("warning");
  expect(level(loaded("vectorset"), loaded("vectorset"))).toBe("ok");
  expect(level(loaded("lua"), redis("8.0.2"))).toBe("ok");
});

test("finds a replica of the destination among the shards, before replication ids were known", () => {
  const replica = "redis_version:2.8.24\nrun_id:aa\nrole:slave\nmaster_host:h\nmaster_port:1\n";
  const results = checkSameServer(precheck(replica, "redis_version:2.8.24\nrun_id:bb\nrole:master\n"));
  expect(results).toMatchObject([{ level: "error", code: "DESTINATION_IS_SHARD" }]);
});

test("goes by CONFIG where INFO does not tell of the memory limit (before 3.2)", () => {
  const old = precheck(redis("2.8.24"), `${redis("2.8.24")}\nused_memory:2048`);
  const settings = new Map([
    ["maxmemory", "1024"],
    ["maxmemory-policy", "volatile-lru"],
  ]);
  const levels = checkDestinationMemory({ ...old, destination: { ...old.destination, settings } });
  expect(levels.map((result) => [result.level, result.current])).toEqual([
    ["warning", "2 KiB of 1 KiB"],
    ["warning", "volatile-lru"],
  ]);
});

const apart = (keys: number): Precheck => {
  const task = precheck(`${redis("7.0.15")}\nrun_id:ss`, `${redis("7.0.15")}\nrun_id:dd`);
  const counts = keys === 0 ? [] : [{ db: 0, keys }];
  const use = { keys: counts, samples: null, neighbors: [], began: false } as unknown as Precheck["use"];
  const merge = { ...task.merge, destinationKeys: "overwrite" } as const;
  return { ...task, merge, use, destination: { ...task.destination, address: "h:2" } };
};

test.each([
  [22_713, "warning", "Destination is not empty", "db0: 22,713 keys"],
  [1, "warning", "Destination is not empty", "db0: 1 key"],
  [0, "ok", "Destination is empty", null],
])(
  "calls a destination with %i keys what it is, and counts them as the pages do",
  (keys, level, title, current) => {
    expect(checkDestinationEmpty(apart(keys))).toMatchObject([{ level, title, current }]);
  },
);

test("has no remedy that empties a database", () => {
  const [found] = checkDestinationEmpty(apart(5));
  expect(found?.remedy).not.toMatch(/flush|remove|delete/i);
});

test.each([
  ["the shard itself", "run_id:ss\nrole:master"],
  ["its replica", "run_id:ee\nrole:slave\nmaster_host:h\nmaster_port:1"],
])("says nothing of a destination's keys that is %s", (_, info) => {
  const task = apart(5);
  const facts = serverFacts(parseInfo(`${redis("7.0.15")}\n${info}`));
  const same = { ...task, destination: { ...task.destination, facts } };
  expect(checkDestinationEmpty(same)).toEqual([]);
  expect(checkSameServer(same)).toMatchObject([{ level: "error", title: "Destination is a shard" }]);
});

test("warns where nutcracker ejects shards, and says nothing of shards that were given by hand", () => {
  const task = precheck(redis("7.0.15"), redis("7.0.15"));
  expect(checkAutoEject(task)).toEqual([]);
  expect(checkAutoEject({ ...task, autoEjectHosts: false })).toMatchObject([
    { level: "ok", title: "No shard is ejected" },
  ]);
  expect(checkAutoEject({ ...task, autoEjectHosts: true })).toMatchObject([
    { level: "warning", title: "Shards are ejected (auto_eject_hosts)", current: "auto_eject_hosts: true" },
  ]);
});
