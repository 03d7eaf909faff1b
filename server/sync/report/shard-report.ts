import type { PlainReason } from "../../errors/tributary-error.ts";
import type { ScriptAnswer } from "./script-answers.ts";

/** The closed set of states of a shard sync; `finished` is terminal. */
export const shardStatuses = [
  "pending",
  "prechecking",
  "connecting",
  "initial-sync",
  "synchronizing",
  "retrying",
  "held",
  "paused",
  "failed",
  "finished",
] as const;
export type ShardStatus = (typeof shardStatuses)[number];

/** What the initial sync is doing: waiting for the master's BGSAVE, receiving and applying, or only applying. */
export type InitialSyncStep = "waiting-for-rdb" | "transferring" | "applying" | "reconciling";

/** Facts of the source as it last said them. Offsets are decimal strings here, since JSON has no bigint. */
export type SourceFacts = {
  /** host:port: where the shard has several addresses, the one that is read from. */
  readonly address: string;
  readonly version: string;
  /** redis or valkey. */
  readonly flavor: string;
  readonly role: string;
  readonly runId: string;
  readonly replid: string;
  /** Never behind what has been received: INFO is asked now and then, the stream comes all the time. */
  readonly masterReplOffset: string;
  /** Size of repl-backlog in bytes, and the first offset that it still holds; null when it is not active. */
  readonly backlogSize: number;
  readonly backlogFirstOffset: string | null;
  readonly connectedReplicas: number;
  readonly usedMemory: number;
};

export type DestinationFacts = {
  readonly version: string;
  readonly flavor: string;
  readonly role: string;
  readonly runId: string;
  readonly usedMemory: number;
  /** 0 is without limit. */
  readonly maxMemory: number;
  readonly maxMemoryPolicy: string;
};

export type InitialSyncProgress = {
  /** 1 for the first; counts up with each new initial sync of the shard, restarts of the engine included. */
  readonly attempt: number;
  readonly step: InitialSyncStep;
  /** ms since the epoch. */
  readonly startedAt: number;
  /** When the first byte of the RDB came; null while the master saves. */
  readonly transferStartedAt: number | null;
  readonly transferFinishedAt: number | null;
  readonly finishedAt: number | null;
  /** null when the master sends without a length (diskless, $EOF:). */
  readonly rdbBytesTotal: number | null;
  readonly rdbBytesReceived: number;
  /** RDB bytes whose keys the destination has acknowledged. */
  readonly rdbBytesApplied: number;
  /** Sum of the RESIZEDB opcodes seen so far, or DBSIZE; null until known. */
  readonly keysTotal: number | null;
  readonly keysApplied: number;
  /** Keys of a type that cannot be copied (module values) or in databases that are not synchronized. */
  readonly keysSkipped: number;
  /** Keys the destination refused; each is in the refused commands. */
  readonly keysRejected: number;
  /** Keys that are another shard's by the ring; in reports of older versions there is none of it. */
  readonly keysSetAside: number;
  /** Why this initial sync was needed, e.g. 'first start' or 'the backlog was outrun'. */
  readonly why: string;
};

/** What others than the server and Tributary have written on the shard. */
export type WritesFacts = {
  /** Commands since the start of this process. */
  readonly count: number;
  /** ms since the epoch, as exactly as reports come; null where none has come yet. */
  readonly lastAt: number | null;
  /** Names of the commands that came last, at most 5. */
  readonly commands: readonly string[];
};

export type StreamProgress = {
  /** Last offset received from the source and last offset applied on the destination; decimal strings. */
  readonly receivedOffset: string;
  readonly appliedOffset: string;
  /** Since the start of this process; for rates and counts. */
  readonly commandsApplied: number;
  readonly commandsSkipped: number;
  readonly commandsRejected: number;
  /** Keys that may have expired early while the stream was behind, and are about to be copied again; null until counted. */
  readonly doubtfulKeys: number | null;
  readonly bytesApplied: number;
  readonly batches: number;
  /** What others write on the shard; in reports of older versions there is none of it. */
  readonly writes?: WritesFacts;
};

/** null means 'unknown', never 0. */
export type Lag = {
  readonly bytes: number | null;
  /** Seconds with millisecond resolution, by the heartbeat. */
  readonly seconds: number | null;
  /** Why seconds are unknown; null when they are known. */
  readonly secondsUnknownBecause: string | null;
};

export type KeyCount = {
  readonly db: number;
  readonly keys: number;
  /** Keys with an expiry. */
  readonly expires: number;
};

/**
 * A command that was not applied: `skipped` by a rule of ours, `rejected` by the destination's answer. One
 * record gathers all of the same command, database and reason code.
 */
export type RefusedCommand = {
  readonly kind: "skipped" | "rejected";
  /** Upper-case name, with its subcommand where it has one. */
  readonly command: string;
  /** The source's database. */
  readonly db: number;
  /** A short stable code such as FLUSHALL, DB_NOT_SELECTED, MODULE_VALUE, WRONGTYPE, UNKNOWN_COMMAND. */
  readonly reasonCode: string;
  readonly reason: string;
  readonly count: number;
  /** ms since the epoch. */
  readonly firstAt: number;
  readonly lastAt: number;
  /** At most 3; every argument cut to 64 characters, unprintable bytes as \xNN. */
  readonly samples: readonly string[];
  /** It is of an initial sync: a key, or another part of the RDB. */
  readonly initialSync?: true;
};

/** How a script of the source ran on the destination. */
export type ScriptRuns = {
  /** SHA1 of its body, as EVALSHA calls it; "" for those that are not told apart. */
  readonly sha: string;
  /** The first line of its body, at most 64 characters. */
  readonly name: string;
  readonly ran: number;
  readonly failed: number;
  /** Its first answers that differ, with their counts; what is missing from `ran` and `failed` answered otherwise. */
  readonly answers: readonly ScriptAnswer[];
  /** What it returned at last, or its error: at most 128 bytes of it. */
  readonly lastAnswer: string;
  readonly lastFailed: boolean;
  /** ms since the epoch. */
  readonly lastAt: number;
};

export type EventLevel = "info" | "warning" | "alert";
export type ShardEvent = {
  readonly at: number;
  readonly level: EventLevel;
  /** Stable, e.g. status-changed, initial-sync-started, flush-skipped. */
  readonly type: string;
  readonly message: string;
};

/** A key about which something was decided that the users may want to know. */
export type MergeSample = {
  readonly kind: "stray" | "lone" | "ambiguous" | "collision" | "kept";
  /** Cut to 64 characters, unprintable bytes as \xNN. */
  readonly key: string;
  /** Of the destination. */
  readonly db: number;
  /** The other shard: a stray's owner, else who holds the key. */
  readonly shard: string;
};

/** What was decided about keys that several shards have. */
export type MergeFacts = {
  readonly policy: string;
  /** Keys of this shard that are another shard's by the ring: set aside. */
  readonly strays: number;
  /** Keys that this shard owns and does not hold, whose value on the destination is a stray's, now. */
  readonly lone: number;
  /** Lone strays that several shards held. */
  readonly ambiguous: number;
  /** Keys without an owner that another shard, or another task, has too: the last write wins. */
  readonly collisions: number;
  /** Keys that the destination held before, and keeps. */
  readonly kept: number;
  /** At most 5 of each kind. */
  readonly samples: readonly MergeSample[];
};

/**
 * A shard sync that waits for a decision before it removes keys: SHARD_SHRANK, the shard has lost more than the task's
 * bound; or for what keeps it from telling which keys are left over: RECONCILE_BLOCKED, which resolves itself too.
 */
export type HeldShard = {
  readonly code: "SHARD_SHRANK" | "RECONCILE_BLOCKED";
  /** ms since the epoch. */
  readonly since: number;
  /** Keys that would be removed, of those that the shard had brought; 0 of 0 where they are not counted yet. */
  readonly wouldRemove: number;
  readonly of: number;
  /** At most 5 of these keys, every one cut to 64 characters, unprintable bytes as \xNN. */
  readonly sample: readonly string[];
  /** What it waits for, as the end of a sentence: "a decision", or what stands in the way. */
  readonly waitsFor: string;
};

/** One reason for which the destination is other than the shard. */
export type DifferenceCause = {
  /** A stable code, such as FLUSHALL, KEYS_KEPT, NEIGHBOR_KEYS, WRONGTYPE. */
  readonly code: string;
  readonly message: string;
  readonly count: number;
  /** ms since the epoch. */
  readonly firstAt: number;
  readonly lastAt: number;
};

/**
 * What was skipped, rejected or kept, so that the destination is other than it should be, and since when. Ends by a
 * re-sync of the shard, or by being acknowledged.
 */
export type Differs = { readonly since: number; readonly causes: readonly DifferenceCause[] };

/** What is done about a shard that is held: remove what it has lost, or keep it and go on in the state `differs`. */
export type HoldDecision = "follow" | "keep";

/** What had been received when a stop came, and could not be brought to its end in time; null is unknown. */
export type StopLeft = {
  /** Of the stream. */
  readonly bytes: number | null;
  readonly doubtfulKeys: number | null;
  readonly expiriesHeldBack: number | null;
};

/** What a shard sync says about itself, about twice a second and at each change of state. */
export type ShardReport = {
  readonly taskId: string;
  readonly shardId: string;
  /** ms since the epoch, by the engine's clock. */
  readonly at: number;
  readonly status: ShardStatus;
  readonly reason: PlainReason | null;
  /** ms since the epoch at which this status began. */
  readonly since: number;
  readonly source: SourceFacts | null;
  readonly destination: DestinationFacts | null;
  readonly initialSync: InitialSyncProgress | null;
  /** How many initial syncs the shard has begun since its task was created. */
  readonly initialSyncs: number;
  readonly stream: StreamProgress | null;
  /**
   * Keys whose expiry stands far in the future on the destination, until it can be known that it was not renewed; null
   * where a former engine has left some that are not counted yet. In reports of older versions there is none of it.
   */
  readonly expiriesHeldBack?: number | null;
  /** What a stop has left for the next start; null while none has. In reports of older versions there is none of it. */
  readonly left?: StopLeft | null;
  readonly lag: Lag;
  /** Checkpoint as last written to the destination. */
  readonly checkpoint: { readonly replid: string; readonly offset: string; readonly db: number } | null;
  /** Key counts as INFO keyspace gives them, without Tributary's own keys; null until asked. */
  readonly sourceKeys: readonly KeyCount[] | null;
  readonly destinationKeys: readonly KeyCount[] | null;
  /** null where the task has one shard only, and the destination to itself. */
  readonly merge: MergeFacts | null;
  /** What the spool takes up: buffers that are set aside, full or not, and files. */
  readonly spool: { readonly memoryBytes: number; readonly diskBytes: number };
  /** Set while the status is `held`, and only then. */
  readonly held: HeldShard | null;
  readonly differs: Differs | null;
  /** Only what is new since the last report: counts are increments. */
  readonly refused: readonly RefusedCommand[];
  readonly scripts: readonly ScriptRuns[];
  readonly events: readonly ShardEvent[];
};
