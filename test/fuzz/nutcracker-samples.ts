const otherHashes = [
  "one_at_a_time",
  "md5",
  "crc16",
  "crc32",
  "fnv1_64",
  "fnv1_32",
  "fnv1a_32",
  "hsieh",
  "jenkins",
];

/** One to six servers, each with another weight. */
function poolOf(hash: string, index: number): string {
  const servers = Array.from(
    { length: 1 + (index % 6) },
    (_, n) => ` - 10.0.${index}.${n}:6379:${n + 1} s${n}\n`,
  );
  const port = 22_121 + index;
  return `p${index}:\n listen: 127.0.0.1:${port}\n redis: true\n hash: ${hash}\n servers:\n${servers.join("")}`;
}

/** What operators write and nutcracker takes: every directive, several pools, comments, quotes, line ends of two kinds. */
export const accepted: readonly string[] = [
  `# the cache of the shop
alpha:
  listen: 127.0.0.1:22121
  hash: murmur
  hash_tag: "{}"
  distribution: ketama
  timeout: 400
  backlog: 1024
  client_connections: 4096
  redis: true
  redis_auth: s3cret
  redis_db: 5
  preconnect: true
  tcpkeepalive: true
  auto_eject_hosts: true
  server_connections: 2
  server_retry_timeout: 2000
  server_failure_limit: 3
  servers:
    - 10.0.0.1:6379:1 alpha-1
    - ::1:6380:2   # by its address
    - cache.example:11211:3
`,
  // Several pools of several kinds, as in Twemproxy's own example.
  `alpha:
  listen: 127.0.0.1:22121
  hash: fnv1a_64
  distribution: ketama
  auto_eject_hosts: true
  redis: true
  server_retry_timeout: 2000
  server_failure_limit: 1
  servers:
   - 127.0.0.1:6379:1

beta:
  listen: 127.0.0.1:22122
  hash: fnv1a_64
  hash_tag: "{}"
  distribution: ketama
  auto_eject_hosts: false
  timeout: 400
  redis: true
  servers:
   - 127.0.0.1:6380:1 server1
   - 127.0.0.1:6381:1 server2
   - 127.0.0.1:6382:1 server3
   - 127.0.0.1:6383:1 server4

gamma:
  listen: 127.0.0.1:22123
  hash: fnv1a_64
  distribution: ketama
  timeout: 400
  backlog: 1024
  preconnect: true
  auto_eject_hosts: true
  server_retry_timeout: 2000
  server_failure_limit: 3
  servers:
   - 127.0.0.1:11212:1
   - 127.0.0.1:11213:1

delta:
  listen: /tmp/gamma 0666
  hash: fnv1a_64
  distribution: modula
  timeout: 100
  servers:
   - 127.0.0.1:11214:100000
   - 127.0.0.1:11215:1
`,
  // Comments everywhere, blank lines, much indentation, lines that end in CRLF.
  "# head\r\n# before the pool\r\nalpha:   # its name\r\n\r\n        # indented\r\n        listen: 0.0.0.0:1  # where\r\n        redis: true\r\n        servers:\r\n                # the first\r\n                - 127.0.0.1:1:1 a # one\r\n\r\n                - 127.0.0.1:2:1 b\r\n# tail\r\n",
  // Names and values in quotes, with escapes, over several lines, and a hash tag of brackets.
  `"alpha \\x62eta":\n  'listen': '127.0.0.1:1'\n  "hash_tag": '[]'\n  redis_auth: "a \\"quoted\\"\n    word"\n  redis: "true"\n  servers:\n  - "127.0.0.1:1:1 ä"\n  - >-\n    127.0.0.1:2:1 folded\n`,
  // Unix sockets of the memcached kind, servers without names, weights as large as they may be.
  `mem:\n  listen: /var/run/nutcracker.sock 0666\n  distribution: random\n  hash: crc32a\n  servers:\n    - /tmp/one.sock:1 one\n    - /tmp/two.sock:2147\n    - localhost:11211:999999999\n`,
  ...otherHashes.map(poolOf),
];

/** YAML that nutcracker refuses, for its form or for what it says: Tributary reads some of it. */
export const refused: readonly string[] = [
  // Flow style, quotes of both kinds.
  `leaf: {listen: "127.0.0.1:1", redis: true, hash: 'fnv1a_64', servers: ["h:1:1", 'i:2:2 two']}\n`,
  `{alpha: {listen: "127.0.0.1:1", redis: true,\n  servers: [\n    "127.0.0.1:1:1 x",\n    "127.0.0.1:2:1 y"\n  ]}}\n`,
  // Anchors, aliases and merge keys.
  'a: &b\n  listen: 0.0.0.0:1\n  redis: true\n  servers: [127.0.0.1:1:1 x, "127.0.0.1:2:1 y"]\nc: *b\n',
  "defaults: &d\n  listen: 127.0.0.1:1\n  redis: true\n  servers:\n  - &first 127.0.0.1:1:1 a\nalpha:\n  <<: *d\n  servers:\n  - *first\n",
  // Directives of a fork and of a later version, a document's marks, mistakes.
  "%YAML 1.1\n---\nalpha:\n  listen: 127.0.0.1:1\n  reuseport: false\n  servers:\n  - 127.0.0.1:1:1 a\n...\n",
  "alpha:\n  listen: 127.0.0.1:1\n  redis: true\n  sentinels:\n  - 127.0.0.1:26379:1 s\n  servers:\n  - 127.0.0.1:1:1 a\n",
  "alpha:\n\tlisten: 127.0.0.1:1\n\tservers:\n\t- 127.0.0.1:1:1 a\n",
  "alpha:\n  listen: 127.0.0.1:1\n  servers:\n  - 127.0.0.1:1:1 a\n---\nbeta:\n  listen: 127.0.0.1:2\n  servers:\n  - 127.0.0.1:2:1 b\n",
  "alpha:\n  listen: 127.0.0.1:1\n  hash_tag: {}\n  servers:\n   -127.0.0.1:1:1 a\n",
  "? alpha\n: ? listen\n  : [127.0.0.1:1]\n  ? servers\n  : - a: 1\n",
];
