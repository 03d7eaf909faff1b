import { LAST_WRITE } from "../../../server/merge/merge-policy.ts";
import { CommandScanner } from "../../../server/redis/command-scanner.ts";
import { encodeCommand } from "../../../server/redis/encode-command.ts";
import { CommandDowngrade } from "../../../server/sync/commands/command-downgrade.ts";
import { abilitiesOf } from "../../../server/sync/destination/destination-abilities.ts";
import { DoubtfulKeys } from "../../../server/sync/doubtful/doubtful-keys.ts";
import { ExpiryRewriter } from "../../../server/sync/expiry/expiry-rewriter.ts";
import { HeldBackExpiries } from "../../../server/sync/expiry/held-back-expiries.ts";
import { LazyExpiryTrigger } from "../../../server/sync/expiry/lazy-expiry-trigger.ts";
import { StreamClock } from "../../../server/sync/expiry/stream-clock.ts";
import { CommandFilter } from "../../../server/sync/filter/command-filter.ts";
import { FunctionLibraries } from "../../../server/sync/scripting/function-libraries.ts";
import { ScriptLibrary } from "../../../server/sync/scripting/script-library.ts";
import { ScriptRewriter } from "../../../server/sync/scripting/script-rewriter.ts";
import type { DatabaseMap, PublishPolicy } from "../../../server/sync/spec/shard-sync-spec.ts";
import { KeyJudge } from "../../../server/sync/strays/key-judge.ts";
import { TaskMerge } from "../../../server/sync/strays/task-merge.ts";

/** The arguments of one command in RESP, as latin1 text. */
export function argumentsOf(command: Uint8Array): string[] {
  const scanner = new CommandScanner("shard test");
  const stop = scanner.scan(command, 0, command.length);
  if (stop !== command.length) throw new Error(`${stop} of ${command.length} bytes are a command`);
  return Array.from({ length: scanner.argc }, (_, index) =>
    Buffer.from(command.subarray(scanner.starts[index]!, scanner.ends[index]!)).toString("latin1"),
  );
}

const onlyShard = {
  taskId: "test",
  shardId: "s0",
  shardName: "s0",
  shardIndex: 0,
  siblings: [],
  merge: LAST_WRITE,
};

/** A filter with a clock that stands still until it is moved, and what it decides for one command after another. */
export class FilterForTest {
  now = 1_700_000_000_000;
  readonly clock = new StreamClock(() => this.now);
  readonly lazyExpiry = new LazyExpiryTrigger(() => this.now);
  readonly heldBack: HeldBackExpiries;
  readonly filter: CommandFilter;
  readonly #scanner = new CommandScanner("shard test");

  constructor(
    options: {
      map?: DatabaseMap;
      db?: number;
      shardIndex?: number;
      publish?: PublishPolicy;
      alone?: boolean;
      /** Of the destination. */
      version?: string;
      flavor?: "redis" | "valkey";
    } = {},
  ) {
    const server = { flavor: options.flavor ?? "redis", version: options.version ?? "8.0.0" };
    // Redis 7.2.4 is what Valkey says it is compatible with.
    const redisVersion = server.flavor === "valkey" ? "7.2.4" : server.version;
    this.heldBack = new HeldBackExpiries(
      options.shardIndex ?? 0,
      this.clock,
      this.lazyExpiry,
      () => this.now,
    );
    const rewriter = new ExpiryRewriter(this.heldBack, this.clock, abilitiesOf(server, redisVersion));
    const scripts = new ScriptRewriter({
      library: new ScriptLibrary(),
      prelude: "prelude ",
      storeKey: "store",
      moment: () => ({ at: this.now, now: this.now, heldBackBefore: 0, shared: false }),
    });
    const functions = new FunctionLibraries({
      key: "libraries",
      shardId: "id0",
      shardName: "s0",
      supported: true,
      known: new Map(),
      onReplaced: () => {},
    });
    this.filter = new CommandFilter({
      databases: options.map ?? { kind: "all" },
      present: { address: "destination", count: Number.POSITIVE_INFINITY },
      db: options.db ?? 0,
      expiries: rewriter,
      downgrade: new CommandDowngrade(server, redisVersion),
      scripts,
      functions,
      judge: new KeyJudge(
        new TaskMerge(onlyShard, () => this.now),
        new DoubtfulKeys(() => this.now),
        options.map ?? { kind: "all" },
      ),
      publish: options.publish ?? "forward",
      alone: options.alone ?? true,
    });
  }

  /** The stream is applied as it comes: nothing near in time has to be held back but what ends within 2 s. */
  live(): this {
    this.clock.bytesReceived();
    this.clock.heartbeatSeen(this.now);
    this.clock.inputDrained();
    return this;
  }

  /** What the last command wants in front of it. */
  beside(): string[] {
    return (this.filter.beside?.own ?? []).map(({ bytes }) => argumentsOf(bytes).join(" "));
  }

  /** The keys that the last command wants to be copied again, with their databases. */
  fetched(): string[] {
    return (this.filter.beside?.fetch ?? []).map(({ db, key }) => `${db} ${key}`);
  }

  /** What the last command wants behind it. */
  after(): string | null {
    const { after } = this.filter;
    return after === null ? null : argumentsOf(after).join(" ");
  }

  /** The verdict, and for `replace` the arguments of the replacement, with spaces between them. */
  decide(...args: readonly (string | Buffer)[]): string {
    // Among others, so that a filter that looks past its command is found out.
    const before = encodeCommand(["SET", "before", "it"]);
    const bytes = Buffer.concat([before, encodeCommand(args), encodeCommand(["DEL", "after", "it"])]);
    this.#scanner.scan(bytes, before.length, bytes.length);
    this.filter.beside = null;
    const verdict = this.filter.decide(bytes, this.#scanner);
    if (verdict === "replace") return `replace ${argumentsOf(this.filter.replacement).join(" ")}`;
    return verdict === "skip" ? `skip ${this.filter.reasonCode}` : verdict;
  }
}
