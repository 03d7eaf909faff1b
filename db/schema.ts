import {
  blob,
  index,
  integer,
  primaryKey,
  real,
  sqliteTable,
  text,
  uniqueIndex,
} from "drizzle-orm/sqlite-core";

// All instants are ms since the epoch; metric_samples.at alone is in seconds, as the charts want it.
// Addresses are kept without their password: it stands sealed (AES-256-GCM) in the column *_secret beside them.

export const tasks = sqliteTable("tasks", {
  id: text("id").primaryKey(),
  name: text("name").notNull().unique(),
  /** WantedState. */
  wanted: text("wanted").notNull(),
  /** Whether the checks have passed since the last start; a task that was interrupted before is checked again. */
  prechecked: integer("prechecked", { mode: "boolean" }).notNull(),
  /** A cutover was asked for and its end not yet seen; after a crash in between, it cannot be known to be whole. */
  cuttingOver: integer("cutting_over", { mode: "boolean" }).notNull().default(false),
  /** PlainReason of a task that cannot run as a whole, e.g. of a failed check; null otherwise. */
  failure: text("failure", { mode: "json" }),
  /** Begin of the wanted state or of the failure. */
  since: integer("since").notNull(),
  createdAt: integer("created_at").notNull(),
  /** SourceConfig. */
  source: text("source", { mode: "json" }).notNull(),
  /** The nutcracker.yml that the task was made from, sealed; null where there was none, or the task is older than this. */
  sourceText: text("source_text"),
  /** RedisEndpoint without its password. */
  destination: text("destination", { mode: "json" }).notNull(),
  destinationSecret: text("destination_secret"),
  /** DatabaseMap. */
  databases: text("databases", { mode: "json" }).notNull(),
  /** MergePolicy; that of tasks which were made before there was a choice. */
  mergePolicy: text("merge_policy").notNull().default("last-write"),
  /** TaskRing; null where there is none, or the task is older than this column. */
  ring: text("ring", { mode: "json" }),
  /** DestinationKeysPolicy. */
  destinationKeys: text("destination_keys").notNull().default("overwrite"),
  /** ShrinkPolicy. */
  shrink: text("shrink", { mode: "json" })
    .notNull()
    .default({ onShrink: "hold", maxKeys: 1000, maxShare: 0.1 }),
  /** FlushPolicy. */
  onFlush: text("on_flush").notNull().default("skip"),
  /** StartConfirmation: who let it begin in a destination that was in use; null where it was not. */
  confirmed: text("confirmed", { mode: "json" }),
  checkpointDb: integer("checkpoint_db").notNull(),
  heartbeatDb: integer("heartbeat_db"),
  /** PublishPolicy. */
  publish: text("publish").notNull().default("forward"),
  /** DestinationDataLostPolicy. */
  onDestinationDataLost: text("on_destination_data_lost").notNull().default("resync"),
});

export const shards = sqliteTable(
  "shards",
  {
    taskId: text("task_id")
      .notNull()
      .references(() => tasks.id, { onDelete: "cascade" }),
    id: text("id").notNull(),
    /** Order in which they are shown, from 0. */
    position: integer("position").notNull(),
    name: text("name").notNull(),
    weight: integer("weight").notNull(),
    endpoint: text("endpoint", { mode: "json" }).notNull(),
    secret: text("secret"),
    /** StoredEndpoint of each further server of the shard. */
    alternatives: text("alternatives", { mode: "json" }).notNull().default([]),
    /** StoredSentinel; null where none was given. */
    sentinel: text("sentinel", { mode: "json" }),
    /** Acknowledgement: who took note last that the destination differs from the shard. */
    acknowledged: text("acknowledged", { mode: "json" }),
    /** The latest report without its increments, for the first page after a restart. */
    lastReport: text("last_report", { mode: "json" }),
  },
  (table) => [primaryKey({ columns: [table.taskId, table.id] })],
);

export const settings = sqliteTable("settings", {
  key: text("key").primaryKey(),
  value: text("value", { mode: "json" }).notNull(),
});

/** Checkpoints as they were last seen in a report; the truth is the one on the destination. */
export const checkpoints = sqliteTable(
  "checkpoints",
  {
    taskId: text("task_id")
      .notNull()
      .references(() => tasks.id, { onDelete: "cascade" }),
    shardId: text("shard_id").notNull(),
    replid: text("replid").notNull(),
    /** Decimal: offsets outgrow what a double holds. */
    offset: text("offset").notNull(),
    db: integer("db").notNull(),
    seenAt: integer("seen_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.taskId, table.shardId] })],
);

export const events = sqliteTable(
  "events",
  {
    id: integer("id").primaryKey(),
    taskId: text("task_id")
      .notNull()
      .references(() => tasks.id, { onDelete: "cascade" }),
    /** null for an event of the whole task. */
    shardId: text("shard_id"),
    /** The last time that it happened. */
    at: integer("at").notNull(),
    /** How often since `firstAt`; 0 there stands for `at`, in rows of earlier versions. */
    count: integer("count").notNull().default(1),
    firstAt: integer("first_at").notNull().default(0),
    /** An alert that nobody has seen is kept in front. */
    seen: integer("seen", { mode: "boolean" }).notNull().default(true),
    level: text("level").notNull(),
    type: text("type").notNull(),
    message: text("message").notNull(),
  },
  (table) => [
    index("events_of_task").on(table.taskId, table.id),
    index("events_of_shard").on(table.taskId, table.shardId, table.id),
  ],
);

/** Skipped and rejected commands: one row gathers all of a kind. */
export const refusedCommands = sqliteTable(
  "refused_commands",
  {
    taskId: text("task_id")
      .notNull()
      .references(() => tasks.id, { onDelete: "cascade" }),
    shardId: text("shard_id").notNull(),
    kind: text("kind").notNull(),
    command: text("command").notNull(),
    db: integer("db").notNull(),
    reasonCode: text("reason_code").notNull(),
    reason: text("reason").notNull(),
    count: integer("count").notNull(),
    firstAt: integer("first_at").notNull(),
    lastAt: integer("last_at").notNull(),
    samples: text("samples", { mode: "json" }).notNull(),
  },
  (table) => [
    primaryKey({
      columns: [table.taskId, table.shardId, table.kind, table.command, table.db, table.reasonCode],
    }),
  ],
);

/** How the scripts of a shard ran on the destination: one row for each. */
export const scriptRuns = sqliteTable(
  "script_runs",
  {
    taskId: text("task_id")
      .notNull()
      .references(() => tasks.id, { onDelete: "cascade" }),
    shardId: text("shard_id").notNull(),
    sha: text("sha").notNull(),
    name: text("name").notNull(),
    ran: integer("ran").notNull(),
    failed: integer("failed").notNull(),
    /** As ScriptRuns of server/sync has them. */
    answers: text("answers", { mode: "json" })
      .$type<readonly { text: string; failed: boolean; count: number }[]>()
      .notNull()
      .default([]),
    lastAnswer: text("last_answer").notNull(),
    lastFailed: integer("last_failed", { mode: "boolean" }).notNull(),
    lastAt: integer("last_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.taskId, table.shardId, table.sha] })],
);

export const metricSamples = sqliteTable(
  "metric_samples",
  {
    taskId: text("task_id")
      .notNull()
      .references(() => tasks.id, { onDelete: "cascade" }),
    shardId: text("shard_id").notNull(),
    /** Seconds that one row stands for: 5, 60 or 900. */
    resolution: integer("resolution").notNull(),
    /** Start of those seconds, in seconds since the epoch. */
    at: integer("at").notNull(),
    /** Worst of the time; null is unknown. */
    lagSeconds: real("lag_seconds"),
    lagBytes: real("lag_bytes"),
    /** Mean of the time. */
    commandsPerSecond: real("commands_per_second"),
    bytesPerSecond: real("bytes_per_second"),
    sourceKeys: real("source_keys"),
    destinationKeys: real("destination_keys"),
  },
  (table) => [
    primaryKey({ columns: [table.taskId, table.shardId, table.resolution, table.at] }),
    index("metric_samples_by_age").on(table.resolution, table.at),
  ],
);

/** Verifications of a task that have ended. */
export const verifications = sqliteTable(
  "verifications",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    taskId: text("task_id")
      .notNull()
      .references(() => tasks.id, { onDelete: "cascade" }),
    startedAt: integer("started_at").notNull(),
    finishedAt: integer("finished_at").notNull(),
    /** VerificationOutcome. */
    outcome: text("outcome").notNull(),
    sentence: text("sentence").notNull(),
    compared: integer("compared").notNull(),
    differences: integer("differences").notNull(),
    /** Received from all servers. */
    bytes: integer("bytes").notNull().default(0),
    /** VerifyDepth. */
    depth: text("depth").notNull().default("full"),
    /** VerifyScope: which keys were looked at. */
    scope: text("scope", { mode: "json" }).notNull().default({ sample: 100, prefix: null, shardId: null }),
    /** VerifyOrigin: who began it. */
    origin: text("origin").notNull().default("user"),
    /** VerifyBasis: what its verdict rests on; null in rows of earlier versions. */
    basis: text("basis", { mode: "json" }),
    /** VerdictJson without what it lists; null where there is none. */
    verdict: text("verdict", { mode: "json" }),
    /** PlainReason; null where there is a verdict. */
    reason: text("reason", { mode: "json" }),
  },
  (table) => [index("verifications_of_task").on(table.taskId, table.id)],
);

/** The keys in which the last verifications found differences: what can be repaired. */
export const differingKeys = sqliteTable(
  "differing_keys",
  {
    verificationId: integer("verification_id")
      .notNull()
      .references(() => verifications.id, { onDelete: "cascade" }),
    /** In the order in which they were found. */
    place: integer("place").notNull(),
    /** DifferenceKind. */
    kind: text("kind").notNull(),
    /** Index of the shard whose value is the rightful one; null where no shard holds the key, or any may. */
    shard: integer("shard"),
    /** Of the destination. */
    db: integer("db").notNull(),
    sourceDb: integer("source_db").notNull(),
    key: blob("key", { mode: "buffer" }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.verificationId, table.place] })],
);

/** Verifications that are under way: after a restart they are run again. */
export const verifyOrders = sqliteTable("verify_orders", {
  taskId: text("task_id")
    .primaryKey()
    .references(() => tasks.id, { onDelete: "cascade" }),
  /** VerifyOrder. */
  order: text("order", { mode: "json" }).notNull(),
  paused: integer("paused", { mode: "boolean" }).notNull(),
  startedAt: integer("started_at").notNull(),
});

/** Repairs of what verifications found. */
export const repairs = sqliteTable(
  "repairs",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    taskId: text("task_id")
      .notNull()
      .references(() => tasks.id, { onDelete: "cascade" }),
    /** The run that found the differences; it may be gone. */
    verificationId: integer("verification_id").notNull(),
    /** Who asked for it, and from which address. */
    by: text("by").notNull(),
    from: text("from"),
    startedAt: integer("started_at").notNull(),
    /** null while keys wait. */
    finishedAt: integer("finished_at"),
    /** RepairState. */
    state: text("state").notNull(),
    sentence: text("sentence").notNull(),
    /** PlainReason of the last attempt that failed; null otherwise. */
    reason: text("reason", { mode: "json" }),
    keys: integer("keys").notNull(),
  },
  (table) => [index("repairs_of_task").on(table.taskId, table.id)],
);

/** What has come of each key of a repair. */
export const repairedKeys = sqliteTable(
  "repaired_keys",
  {
    repairId: integer("repair_id")
      .notNull()
      .references(() => repairs.id, { onDelete: "cascade" }),
    place: integer("place").notNull(),
    /** As in differing_keys. */
    kind: text("kind").notNull(),
    shard: integer("shard"),
    db: integer("db").notNull(),
    sourceDb: integer("source_db").notNull(),
    key: blob("key", { mode: "buffer" }).notNull(),
    /** RepairOutcome; null before the destination was looked at. */
    outcome: text("outcome"),
    /** SideFacts of the destination; null where the key was absent, or is not known. */
    before: text("before", { mode: "json" }),
    after: text("after", { mode: "json" }),
    at: integer("at"),
  },
  (table) => [primaryKey({ columns: [table.repairId, table.place] })],
);

/** Cutovers of a task, in the order in which they were begun; at most the last one is under way. */
export const cutovers = sqliteTable(
  "cutovers",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    taskId: text("task_id")
      .notNull()
      .references(() => tasks.id, { onDelete: "cascade" }),
    startedAt: integer("started_at").notNull(),
    /** Actor. */
    startedBy: text("started_by", { mode: "json" }).notNull(),
    /** CutoverState. */
    state: text("state", { mode: "json" }).notNull(),
    /** CutoverOverride, those that hold. */
    overrides: text("overrides", { mode: "json" }).notNull().default([]),
    /** HeldWrites; null where writes on the shards are not held up. */
    heldWrites: text("held_writes", { mode: "json" }),
    /** CutoverNote, what has happened. */
    notes: text("notes", { mode: "json" }).notNull().default([]),
    /** MigrationReport as it was at the end; null before. */
    report: text("report", { mode: "json" }),
  },
  (table) => [index("cutovers_of_task").on(table.taskId, table.id)],
);

// ── people: the first four tables are better-auth's, which wants its instants as Date ──

export const users = sqliteTable("users", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  /** In lower case. */
  email: text("email").notNull().unique(),
  emailVerified: integer("email_verified", { mode: "boolean" }).notNull().default(false),
  image: text("image"),
  createdAt: integer("created_at", { mode: "timestamp_ms" }).notNull(),
  updatedAt: integer("updated_at", { mode: "timestamp_ms" }).notNull(),
  /** Role. */
  role: text("role").notNull().default("viewer"),
  lastLoginAt: integer("last_login_at"),
});

export const sessions = sqliteTable(
  "sessions",
  {
    id: text("id").primaryKey(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    token: text("token").notNull().unique(),
    expiresAt: integer("expires_at", { mode: "timestamp_ms" }).notNull(),
    ipAddress: text("ip_address"),
    userAgent: text("user_agent"),
    createdAt: integer("created_at", { mode: "timestamp_ms" }).notNull(),
    updatedAt: integer("updated_at", { mode: "timestamp_ms" }).notNull(),
  },
  (table) => [index("sessions_of_user").on(table.userId)],
);

/** The ways in which a person signs in: a password (its scrypt hash), or an identity provider. */
export const accounts = sqliteTable(
  "accounts",
  {
    id: text("id").primaryKey(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    accountId: text("account_id").notNull(),
    providerId: text("provider_id").notNull(),
    password: text("password"),
    accessToken: text("access_token"),
    refreshToken: text("refresh_token"),
    idToken: text("id_token"),
    accessTokenExpiresAt: integer("access_token_expires_at", { mode: "timestamp_ms" }),
    refreshTokenExpiresAt: integer("refresh_token_expires_at", { mode: "timestamp_ms" }),
    scope: text("scope"),
    createdAt: integer("created_at", { mode: "timestamp_ms" }).notNull(),
    updatedAt: integer("updated_at", { mode: "timestamp_ms" }).notNull(),
  },
  (table) => [uniqueIndex("accounts_of_provider").on(table.providerId, table.accountId)],
);

export const authVerifications = sqliteTable("auth_verifications", {
  id: text("id").primaryKey(),
  identifier: text("identifier").notNull(),
  value: text("value").notNull(),
  expiresAt: integer("expires_at", { mode: "timestamp_ms" }).notNull(),
  createdAt: integer("created_at", { mode: "timestamp_ms" }).notNull(),
  updatedAt: integer("updated_at", { mode: "timestamp_ms" }).notNull(),
});

/** A link by which a person chooses a password, once. */
export const invitations = sqliteTable("invitations", {
  userId: text("user_id")
    .primaryKey()
    .references(() => users.id, { onDelete: "cascade" }),
  /** SHA-256 of the link's secret, in hex. */
  hash: text("hash").notNull().unique(),
  expiresAt: integer("expires_at").notNull(),
});

export const apiTokens = sqliteTable("api_tokens", {
  id: text("id").primaryKey(),
  /** Whoever made it; it ends with that person. */
  userId: text("user_id")
    .notNull()
    .references(() => users.id, { onDelete: "cascade" }),
  name: text("name").notNull(),
  /** Role; a person of a lower one lowers it. */
  role: text("role").notNull(),
  /** SHA-256 of the token, in hex. */
  hash: text("hash").notNull().unique(),
  createdAt: integer("created_at").notNull(),
  expiresAt: integer("expires_at").notNull(),
  lastUsedAt: integer("last_used_at"),
  lastUsedFrom: text("last_used_from"),
});

/** Who did what. It outlives the people, tokens and tasks that it names. */
export const audit = sqliteTable(
  "audit",
  {
    id: integer("id").primaryKey(),
    at: integer("at").notNull(),
    /** "person", "token", "nobody" (before a login) or "anyone" (no login is asked for). */
    actorKind: text("actor_kind").notNull(),
    actorId: text("actor_id"),
    actorName: text("actor_name").notNull(),
    /** The address of the caller. */
    from: text("from_address"),
    /** The procedure's path, such as task.pause, or the route. */
    action: text("action").notNull(),
    taskId: text("task_id"),
    /** What was acted on, in words. */
    subject: text("subject"),
    /** "begun" until its end is known, then "done" or the code of the refusal. */
    outcome: text("outcome").notNull(),
    reason: text("reason"),
    /** What was asked for, without secrets. */
    input: text("input", { mode: "json" }),
    before: text("before", { mode: "json" }),
    after: text("after", { mode: "json" }),
  },
  (table) => [index("audit_of_task").on(table.taskId, table.id)],
);

/** What a verification found, key by key, as far as it is kept. */
export const verificationFindings = sqliteTable(
  "verification_findings",
  {
    runId: integer("run_id")
      .notNull()
      .references(() => verifications.id, { onDelete: "cascade" }),
    /** From 1, in the order in which they were found. */
    number: integer("number").notNull(),
    /** It makes the destination other than it should be. */
    differs: integer("differs", { mode: "boolean" }).notNull(),
    kind: text("kind").notNull(),
    /** The shard's index in the verdict; null where none is known. */
    shard: integer("shard"),
    db: integer("db").notNull(),
    key: blob("key", { mode: "buffer" }).notNull(),
    /** FindingJson without its key. */
    facts: text("facts", { mode: "json" }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.number] })],
);

/** When a task is verified by itself: at most one schedule each. */
export const verifySchedules = sqliteTable("verify_schedules", {
  taskId: text("task_id")
    .primaryKey()
    .references(() => tasks.id, { onDelete: "cascade" }),
  enabled: integer("enabled", { mode: "boolean" }).notNull(),
  /** Minute, hour, day of the month, month, day of the week. */
  cron: text("cron").notNull(),
  /** IANA name, in which the expression is read. */
  timeZone: text("time_zone").notNull(),
  /** VerifyOrder. */
  order: text("order", { mode: "json" }).notNull(),
  /** When it is due next; null where it never is. */
  nextAt: integer("next_at"),
  /** The last time at which it was due and did not run, and why; null where that has not happened. */
  passedOver: text("passed_over", { mode: "json" }),
});

// ── what is shown to people who have no account ──

/** A link by which whoever holds it looks at one task. */
export const shareLinks = sqliteTable(
  "share_links",
  {
    id: text("id").primaryKey(),
    taskId: text("task_id")
      .notNull()
      .references(() => tasks.id, { onDelete: "cascade" }),
    /** Whoever made it; it ends with that person. null where nobody had to sign in. */
    userId: text("user_id").references(() => users.id, { onDelete: "cascade" }),
    /** For whom it is, in its maker's words. */
    name: text("name").notNull(),
    /** SHA-256 of the link's secret, in hex. */
    hash: text("hash").notNull().unique(),
    /** Masking: what its holder does not see. */
    hidden: text("hidden", { mode: "json" }).notNull(),
    createdAt: integer("created_at").notNull(),
    expiresAt: integer("expires_at").notNull(),
    lastUsedAt: integer("last_used_at"),
    lastUsedFrom: text("last_used_from"),
  },
  (table) => [index("share_links_of_task").on(table.taskId)],
);

/** A browser that has given the status page's password. */
export const statusVisits = sqliteTable("status_visits", {
  /** SHA-256 of the cookie's secret, in hex. */
  hash: text("hash").primaryKey(),
  expiresAt: integer("expires_at").notNull(),
});
