import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseNutcrackerConfig, selectPool } from "../../server/twemproxy/nutcracker-config.ts";
import { endpointOf } from "../../server/twemproxy/nutcracker-pool.ts";

const full = `# the cache
alpha:
  listen: 127.0.0.1:22121
  hash: murmur
  hash_tag: "{}"
  distribution: modula
  timeout: 400
  redis: true
  redis_auth: s3cret
  redis_db: 5
  auto_eject_hosts: true
  server_retry_timeout: 2000
  server_failure_limit: 3
  server_connections: 2
  preconnect: true
  servers:
    - 10.0.0.1:6379:1 alpha-1
    - ::1:6380:2
    - cache.example:11211:3

beta:
  listen: /var/run/nutcracker.sock 0666
  servers:
    - 127.0.0.1:11211:1
`;

const small = (extra: string) => `alpha:\n  listen: 127.0.0.1:1\n  redis: true\n${extra}`;
const servers = "  servers:\n   - 127.0.0.1:6379:1 a\n";

function problemsOf(text: string) {
  return parseNutcrackerConfig(text).problems.map(
    ({ severity, line, message }) => `${severity} ${line} ${message}`,
  );
}

test("reads every directive, and its server lines from the end", () => {
  const { pools, problems } = parseNutcrackerConfig(full);
  expect(problems).toEqual([]);
  expect(pools[0]).toEqual({
    name: "alpha",
    line: 2,
    listen: "127.0.0.1:22121",
    hash: "murmur",
    hashTag: "{}",
    distribution: "modula",
    timeoutMs: 400,
    redis: true,
    redisAuth: "s3cret",
    redisDb: 5,
    autoEjectHosts: true,
    serverConnections: 2,
    serverRetryTimeoutMs: 2000,
    serverFailureLimit: 3,
    servers: [
      { name: "alpha-1", host: "10.0.0.1", port: 6379, weight: 1, socket: null, line: 17 },
      { name: "::1:6380", host: "::1", port: 6380, weight: 2, socket: null, line: 18 },
      { name: "cache.example", host: "cache.example", port: 11211, weight: 3, socket: null, line: 19 },
    ],
  });
});

test("fills in Twemproxy's defaults", () => {
  expect(parseNutcrackerConfig(full).pools[1]).toMatchObject({
    name: "beta",
    hash: "fnv1a_64",
    hashTag: null,
    distribution: "ketama",
    timeoutMs: null,
    redis: false,
    redisAuth: null,
    redisDb: 0,
    autoEjectHosts: false,
    serverConnections: 1,
    serverRetryTimeoutMs: 30_000,
    serverFailureLimit: 2,
  });
});

test("makes an endpoint of a server with the pool's password and database", () => {
  const pool = parseNutcrackerConfig(full).pools[0]!;
  expect(endpointOf(pool, pool.servers[1]!)).toEqual({
    host: "::1",
    port: 6380,
    tls: false,
    username: null,
    password: "s3cret",
    db: 5,
  });
});

test.each([
  ["", "error null The file is empty"],
  ["# only a comment\n", "error null The file is empty"],
  ["hello", "error 1 The file is not a list of pools"],
  ["- a\n- b\n", "error 1 The file is not a list of pools"],
  ["\n{ }\n", "error 2 The file has no pools"],
  ["alpha:\n  : 5\n", "error 2 A directive's name must be a text"],
  ["alpha: 5\n", "error 1 Pool alpha has no directives"],
  ["alpha:\n\tlisten: x\n", "error 2 A line is indented by a tab"],
  ["alpha:\n  listen: 127.0.0.1:1\n redis: true\n", "error 3 The indentation does not fit the lines above"],
  [
    'alpha:\n  hash_tag: "{}\n',
    "error 3 A character is missing, such as the closing quote or the space after a colon",
  ],
  [`${small(servers)}---\n${small(servers)}`, "error 6 The file has more than one YAML document"],
  [small(""), "error 1 Pool alpha has no servers"],
  [small("  servers:\n"), "error 4 servers must be a list"],
  [small("  servers: 127.0.0.1:6379:1\n"), "error 4 servers must be a list"],
  [small("  servers:\n   -127.0.0.1:6379:1\n"), "error 5 servers must be a list"],
  [small("  servers:\n   - 127.0.0.1:6379\n"), "error 5 A server has no port or no weight"],
  [small("  servers:\n   - 127.0.0.1:6379:0\n"), "error 5 A server's weight is 0"],
  [small("  servers:\n   - 127.0.0.1:0:1\n"), "error 5 A server's port is not 1 to 65535"],
  [small("  servers:\n   - :6379:1\n"), "error 5 A server's host is missing or holds a space"],
  [small("  servers:\n   - 127.0.0.1:6379:x a\n"), "error 5 A server's weight is not a number"],
  [
    small("  servers:\n   - /tmp/redis.sock:1 a\n"),
    "error 5 A unix socket cannot be reached over the network",
  ],
  [
    small("  servers:\n   - 127.0.0.1:1:1 a\n   - 127.0.0.1:2:1 a\n"),
    "error 6 Two servers are named a (the other is in line 5)",
  ],
  [small(`  hash_tag: {}\n${servers}`), "error 4 hash_tag must have a plain value"],
  [small(`  hash_tag: "{"\n${servers}`), "error 4 hash_tag must be two characters"],
  [small(`  redis: true\n${servers}`), "error 4 The directive redis is given twice"],
  [small(`  redis_db: -1\n${servers}`), "error 4 redis_db is not a number from 0 to 2147483647"],
  [small(`  preconnect: yes\n${servers}`), "error 4 preconnect is neither true nor false"],
  [
    small(`  distribution: rendezvous\n${servers}`),
    "error 4 distribution is not one of ketama, modula, random",
  ],
  [small(`  speed: fast\n${servers}`), "warning 4 The directive speed is unknown"],
  [small(`  sentinels:\n   - 127.0.0.1:26379:1\n${servers}`), "warning 4 The directive sentinels is unknown"],
  [`alpha:\n  redis: true\n${servers}`, "warning 1 Pool alpha has no listen: nutcracker refuses it"],
  [`${small(servers)}${small(servers)}`, "error 6 There are two pools named alpha"],
])("says what is wrong with %j and where", (text, expected) => {
  expect(problemsOf(text)).toContain(expected);
});

test.each([
  ["brackets", `alpha: ${"[".repeat(50_000)}`, 1],
  ["brackets in lines of their own", `alpha: ${"[\n ".repeat(20_000)}`, 99],
  ["dashes", "- ".repeat(30_000), 1],
  ["question marks", "? ".repeat(30_000), 1],
  ["directives that go on a value", `alpha:\n  hash: a\n${"   hash: a\n".repeat(5_000)}`, 100],
])("refuses %s that exhaust a recursive parser's stack, and says from which line on", (_, text, line) => {
  expect(problemsOf(text)).toContain(`error ${line} The file is nested too deeply`);
});

test("names the column, from 1, of what is wrong", () => {
  const columnOf = (text: string) => parseNutcrackerConfig(text).problems.at(-1)?.column;
  expect(columnOf(small(`  hash: x\n${servers}`))).toBe(9);
  expect(columnOf(small("  servers:\n   - 127.0.0.1:6379:0\n"))).toBe(6);
  expect(columnOf(small(`  speed: fast\n${servers}`))).toBe(3);
  // The second bracket closes more than was opened: what follows it begins in line 3.
  expect(problemsOf("alpha: {servers: [\n  a:1:1\n]]}\nbeta:\n")).toContain(
    "error 3 There is something that does not belong here",
  );
  expect(columnOf("alpha: {listen: a, servers: [a:1:1]}}\n")).toBe(37);
});

test("names no line only where there is none", () => {
  const larger = "#".repeat(64 * 1024 + 1);
  const problems = ["", "# nothing\n", "---\n", "''", larger].map((text) => problemsOf(text));
  const empty = ["error null The file is empty"];
  expect(problems).toEqual([empty, empty, empty, empty, ["error null The file is larger than 64 KiB"]]);
});

test("names the first hundred places of a file that breaks everywhere", () => {
  const { problems, pools } = parseNutcrackerConfig(`alpha:\n${"]}\n".repeat(1_000)}`);
  expect([problems.length, problems[0]?.line, pools]).toEqual([100, 2, []]);
});

const lines = (count: number, line: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => line(n));

test.each([
  ["64 KiB of bytes in fewer characters", `# ${"é".repeat(33_000)}\n`, "The file is larger than 64 KiB"],
  ["256 pools", lines(257, (n) => `p${n}: {}\n`).join(""), "The file has more than 256 pools"],
  [
    "1,024 servers in all pools together",
    lines(2, (n) => `p${n}:\n  servers:\n${lines(513, (m) => `   - a:${m + 1}:1\n`).join("")}`).join(""),
    "The file has more than 1024 servers",
  ],
])("reads no file of more than %s", (_, text, message) => {
  const { pools, problems } = parseNutcrackerConfig(text);
  expect([pools, problems.map((problem) => problem.message)]).toEqual([[], [message]]);
});

test("tells a hundred problems at most, errors before warnings", () => {
  const unknown = lines(300, (n) => `  b${n}: 1\n`).join("");
  const { problems } = parseNutcrackerConfig(`a:\n${unknown}  hash: x\n  servers:\n   - a:1:1\n`);
  expect(problems).toHaveLength(100);
  expect(problems.some(({ message }) => message.startsWith("hash is not one of"))).toBe(true);
});

test("gives each problem a remedy, and each error the code under which it is thrown", () => {
  for (const problem of parseNutcrackerConfig(small("  hash: x\n  foo: 1\n")).problems) {
    expect(problem.remedy).not.toBe("");
    expect(problem.code).toBe(problem.severity === "error" ? "NUTCRACKER_SYNTAX" : undefined);
  }
});

test("names a socket's server as nutcracker does, so that the ring can be kept", () => {
  expect(parseNutcrackerConfig(small("  servers:\n   - /tmp/r.sock:1\n")).pools[0]!.servers[0]).toMatchObject(
    {
      name: "/tmp/r.sock:",
      socket: "/tmp/r.sock",
    },
  );
});

test("never repeats redis_auth in a problem", () => {
  const text = 'alpha:\n  redis_auth: "s3cret\n  listen: s3cret: s3cret\n';
  expect(JSON.stringify(parseNutcrackerConfig(text).problems)).not.toContain("s3cret");
});

describe("selectPool", () => {
  const thrown = (text: string, name: string | null) => {
    try {
      return selectPool(parseNutcrackerConfig(text), name).name;
    } catch (error) {
      return (error as { code: string; message: string }).code;
    }
  };

  test("takes the pool that is named, or the only Redis pool", () => {
    expect(thrown(full, "alpha")).toBe("alpha");
    expect(thrown(full, null)).toBe("alpha");
  });

  test("refuses an unknown pool, a memcached pool, an unclear choice and a broken file", () => {
    expect(thrown(full, "gamma")).toBe("NUTCRACKER_POOL_UNKNOWN");
    expect(thrown(full, "beta")).toBe("NUTCRACKER_NOT_REDIS");
    expect(thrown(full.replace("beta:", "beta:\n  redis: true"), null)).toBe("INPUT_INVALID");
    expect(thrown("alpha: [", "alpha")).toBe("NUTCRACKER_SYNTAX");
    expect(thrown(small(`  hash: x\n${servers}`), "alpha")).toBe("NUTCRACKER_SYNTAX");
  });

  test("does not mind an error in another pool", () => {
    expect(thrown(full.replace("11211:1", "11211"), "alpha")).toBe("alpha");
  });
});

test("throws on no input, whatever is changed in a real file", () => {
  const piece = fc.oneof(
    fc.string({ maxLength: 8 }),
    fc.constantFrom(
      "\t",
      ":",
      "- ",
      "{",
      "}",
      "[",
      "]",
      "&a",
      "*a",
      "!!x",
      "---\n",
      "...",
      '"',
      "'",
      "|\n",
      "\r\n",
      "\u0000",
    ),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(full.length), fc.nat(20), piece), { maxLength: 6 }), (edits) => {
      let text = full;
      for (const [at, cut, insert] of edits) text = text.slice(0, at) + insert + text.slice(at + cut);
      const { pools, problems } = parseNutcrackerConfig(text);
      for (const pool of pools) for (const server of pool.servers) expect(server.weight).toBeGreaterThan(0);
      for (const problem of problems) expect(problem.line ?? 1).toBeGreaterThan(0);
    }),
    { numRuns: 2000 },
  );
});

test.each(["[".repeat(200_000), "a:\n".repeat(100_000), `${"  - ".repeat(5000)}a`, "a: ".repeat(50_000)])(
  "survives an input made to exhaust it (%#)",
  (text) => {
    expect(parseNutcrackerConfig(text).problems.length).toBeGreaterThan(0);
  },
);
