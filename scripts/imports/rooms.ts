/**
 * Every folder with code of the product, what it holds, and which folders of its floor it may import from. This table
 * is what `npm run check` holds imports to, and what the tables of docs/architecture.md and CONTRIBUTING.md are made of
 * (`npm run docs:rooms`).
 */
export type Room = {
  readonly holds: string;
  /** A folder with ` (types)` behind it: only types of it, and of every folder inside of it. */
  readonly mayImport: readonly string[];
};

export type Floor = {
  /** The folder whose folders these are; "" for the project's root. */
  readonly folder: string;
  /** The only file that may lie beside the rooms: it wires them. */
  readonly wiring?: string;
  /** Rooms that every room below them may import from, besides. */
  readonly common?: readonly string[];
  /** Name of the folder → room, in the order in which data flows: a room may import from rooms above it only. */
  readonly rooms: Readonly<Record<string, Room>>;
};

const project: Floor = {
  folder: "",
  rooms: {
    "server/errors": { holds: "the closed set of error codes, with cause and remedy", mayImport: [] },
    "server/redis": {
      holds: "RESP, sockets, INFO, the command table and what is known of each command, LZF, CRC64",
      mayImport: ["server/errors"],
    },
    "server/replica": {
      holds: "the replica's side of PSYNC: handshake, RDB framing, stream, ACK, spool",
      mayImport: ["server/errors", "server/redis"],
    },
    "server/rdb": {
      holds: "the RDB format: opcodes, one file for each value type",
      mayImport: ["server/errors", "server/redis"],
    },
    "server/twemproxy": {
      holds: "nutcracker.yml, hashes, ring, stats",
      mayImport: ["server/errors", "server/redis"],
    },
    "server/merge": {
      holds: "whose value a key has on the destination: the owner, the policy, fingerprints of keys",
      mayImport: ["server/errors", "server/redis", "server/twemproxy"],
    },
    "server/sync": {
      holds: "one shard sync",
      mayImport: [
        ...["server/errors", "server/redis", "server/replica", "server/rdb"],
        ...["server/twemproxy", "server/merge"],
      ],
    },
    "server/verify": {
      holds: "whether the destination is the sum of the shards",
      mayImport: [
        ...[
          "server/errors",
          "server/redis",
          "server/replica",
          "server/rdb",
          "server/twemproxy",
          "server/merge",
        ],
        // What shard syncs leave on a destination (checkpoints, doubtful keys, held-back expiries) is read by their own forms.
        "server/sync",
      ],
    },
    "server/precheck": {
      holds: "one file for each check that runs before a task",
      mayImport: ["server/errors", "server/redis", "server/twemproxy", "server/merge"],
    },
    db: { holds: "SQLite schema, migrations, client", mayImport: ["server/errors"] },
    "server/control": {
      holds: "supervisor, workers, tasks, history",
      mayImport: [
        ...["server/errors", "server/redis", "server/replica", "server/rdb", "server/twemproxy"],
        ...["server/merge", "server/sync", "server/verify", "server/precheck", "db"],
      ],
    },
    "server/people": {
      holds: "who may do what: people, sessions, API tokens, the audit",
      mayImport: ["server/errors", "db"],
    },
    "server/input": {
      holds: "what the API takes, as schemas; the forms of the pages check by the same ones",
      mayImport: ["server/redis", "server/twemproxy", "server/merge", "server/control", "server/people"],
    },
    "server/api": {
      holds: "tRPC: validate, call, map errors",
      mayImport: ["server/errors", "server/control", "server/people", "server/input", "db"],
    },
    "server/cli": {
      holds: "`npm run sync`, `npm run verify`, `npm run cutover`",
      mayImport: [
        ...["server/errors", "server/redis", "server/replica", "server/rdb", "server/twemproxy"],
        ...["server/merge", "server/sync", "server/verify", "server/precheck", "server/control"],
        // What a running Tributary answers.
        "server/api (types)",
      ],
    },
    components: { holds: "parts of the pages", mayImport: ["server/input", "server (types)"] },
    app: { holds: "the pages", mayImport: ["components", "server/input", "server (types)"] },
  },
};

const sync: Floor = {
  folder: "server/sync",
  wiring: "shard-sync.ts",
  common: ["spec", "checkpoint", "report", "retry"],
  rooms: {
    spec: { holds: "what a shard sync is to do: its spec, databases, limits", mayImport: [] },
    checkpoint: {
      holds: "where in the source's stream the destination is, and the names of Tributary's own keys there",
      mayImport: [],
    },
    report: { holds: "what a shard sync says of itself; facts of both servers, the lag", mayImport: [] },
    retry: { holds: "pauses, backoff, failures that repeat", mayImport: [] },
    generation: { holds: "one unbroken stretch of a source's history, and its spools", mayImport: [] },
    source: { holds: "the reader of a shard's link, and where its master is", mayImport: ["generation"] },
    commands: {
      holds: "what a command of the stream is, its other forms for another destination, the answer to it",
      mayImport: [],
    },
    doubtful: { holds: "keys that may have expired early, and how they are found", mayImport: ["commands"] },
    ledger: {
      holds: "what was skipped, rejected, answered by scripts",
      mayImport: ["commands", "doubtful"],
    },
    destination: {
      holds: "a session at the destination: takeover, guard, link, abilities, durability",
      mayImport: ["commands"],
    },
    expiry: {
      holds: "held-back expiries, their restoration, how far behind the stream is",
      mayImport: ["commands", "destination"],
    },
    scripting: {
      holds: "scripts and function libraries",
      mayImport: ["commands", "doubtful", "ledger", "destination"],
    },
    reconcile: {
      holds: "keys that no shard has any more",
      mayImport: ["source", "commands", "ledger", "destination"],
    },
    strays: {
      holds: "keys that other shards have, too: which commands may run, what owners are told",
      mayImport: ["source", "commands", "doubtful", "reconcile"],
    },
    filter: {
      holds: "the verdict on each command",
      mayImport: ["commands", "doubtful", "expiry", "scripting", "strays"],
    },
    initial: {
      holds: "an RDB's keys as commands",
      mayImport: ["commands", "doubtful", "ledger", "destination", "scripting", "reconcile", "strays"],
    },
    stream: {
      holds: "transactions out of a stream",
      mayImport: ["commands", "doubtful", "ledger", "destination", "expiry", "strays", "filter"],
    },
    refresh: {
      holds: "doubtful keys copied again",
      mayImport: ["commands", "doubtful", "ledger", "destination", "expiry", "strays", "stream"],
    },
    status: {
      holds: "the reports, from what all others know",
      mayImport: ["generation", "ledger", "initial"],
    },
    apply: {
      holds: "generations onto the destination, one after the other: initial sync, then stream",
      mayImport: [
        ...["generation", "source", "commands", "doubtful", "ledger", "destination", "expiry", "scripting"],
        ...["reconcile", "strays", "filter", "initial", "stream", "refresh", "status"],
      ],
    },
  },
};

const control: Floor = {
  folder: "server/control",
  wiring: "control.ts",
  rooms: {
    secrets: { holds: "passwords, sealed", mayImport: [] },
    storage: {
      holds: "whether the database takes what is written, and writes that may be late",
      mayImport: [],
    },
    plan: { holds: "what a user's input becomes: shards, pools, rings", mayImport: [] },
    tasks: {
      holds: "a task as it is stored and as it runs, its status, what may be done with it",
      mayImport: ["secrets", "storage", "plan"],
    },
    checks: {
      holds: "the checks of a start, and what it has to have confirmed",
      mayImport: ["secrets", "plan", "tasks"],
    },
    engine: { holds: "worker threads, and the shard syncs in them", mayImport: ["tasks"] },
    views: { holds: "what the pages show", mayImport: ["tasks"] },
    history: { holds: "events and metrics", mayImport: ["storage", "tasks", "views"] },
    supervisor: {
      holds: "what users want, made so",
      mayImport: ["secrets", "storage", "plan", "tasks", "checks", "engine", "history"],
    },
    verification: {
      holds: "verifications, each in a thread of its own, and the repair of what they find",
      mayImport: ["secrets", "storage", "plan", "tasks", "views", "history", "supervisor"],
    },
    cutover: {
      holds: "the cutover, step by step, and the report of a migration",
      mayImport: [
        ...["secrets", "storage", "plan", "tasks", "checks", "views", "history", "supervisor"],
        "verification",
      ],
    },
  },
};

export const floors: readonly Floor[] = [project, sync, control];

/** What must not be reached from a file or a folder when it runs, through however many others. */
export type NeverReached = {
  readonly from: string;
  readonly to: string;
  readonly why: string;
  /** Files and folders in `to` that may be reached all the same. */
  readonly except?: readonly string[];
};

export const neverReached: readonly NeverReached[] = [
  { from: "server/cli/", to: "db/", why: "the command line runs without a database" },
  { from: "server/control/engine/engine-worker.ts", to: "db/", why: "a worker knows no database" },
  { from: "server/control/verification/verify-worker.ts", to: "db/", why: "a worker knows no database" },
  { from: "server/control/checks/check-worker.ts", to: "server/sync/", why: "a check opens no shard sync" },
  { from: "server/precheck/", to: "server/sync/", why: "a check opens no shard sync" },
  {
    from: "components/",
    to: "server/",
    why: "a browser has none of the server's code but the schemas of its input",
    except: [
      "server/input/",
      "server/control/plan/database-pairs.ts",
      "server/control/verification/verify-order.ts",
      "server/merge/merge-policy.ts",
      "server/people/password-length.ts",
      "server/people/role.ts",
      "server/people/status-access.ts",
      "server/redis/control-character.ts",
      "server/twemproxy/nutcracker-size.ts",
    ],
  },
];
