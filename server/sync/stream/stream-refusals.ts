import { TributaryError } from "../../errors/tributary-error.ts";
import type { CommandScanner } from "../../redis/command-scanner.ts";
import { commandSpec, keysOf } from "../../redis/command-table.ts";
import { shownName } from "../commands/command-names.ts";
import { commandSample } from "../commands/command-sample.ts";
import { rejectionCode, stateErrorOf } from "../destination/destination-answer.ts";
import type { DestinationLink } from "../destination/destination-link.ts";
import type { CommandFilter } from "../filter/command-filter.ts";
import type { StreamLedger } from "../ledger/stream-ledger.ts";
import type { StreamBatch } from "./stream-batch.ts";

const PAST_LIMIT = /exceeds maximum allowed size|bit offset is not an integer or out of range/i;

/** Commands after which the shard has none of its keys, in one database or in all. */
const FLUSHES: ReadonlySet<string> = new Set(["FLUSHALL", "FLUSHDB"]);

/** What of a stream is not applied: commands that the filter skips and those that the destination refuses. */
export class StreamRefusals {
  readonly #ledger: StreamLedger;
  readonly #filter: CommandFilter;
  readonly #scanner: CommandScanner;

  /** Of the command at hand, `filter` knows the verdict and `scanner` the arguments. */
  constructor(ledger: StreamLedger, filter: CommandFilter, scanner: CommandScanner) {
    this.#ledger = ledger;
    this.#filter = filter;
    this.#scanner = scanner;
  }

  /** Whether the destination is known to refuse anything. */
  get any(): boolean {
    const { refusedAt, unknownCommands } = this.#ledger;
    return refusedAt.size > 0 || unknownCommands.size > 0;
  }

  /**
   * True for a command that the destination is known to refuse: it is logged and left out.
   * @param replacement what would be sent in its stead; null where it goes as it is.
   */
  refused(bytes: Uint8Array, offset: bigint, replacement: Buffer | null): boolean {
    const { refusedAt, unknownCommands } = this.#ledger;
    const sent = replacement === null ? this.#filter.name.name : nameOf(replacement);
    const answer = unknownCommands.get(sent) ?? refusedAt.get(offset);
    if (answer === undefined) return false;
    this.#log("rejected", rejectionCode(answer), answer, bytes, offset);
    return true;
  }

  /** The filter has skipped the command at hand. */
  skipped(bytes: Uint8Array, offset: bigint): void {
    const { name, reasonCode, reason, alert } = this.#filter;
    if (reasonCode === "DB_NOT_SELECTED") this.#ledger.databaseLeftOut(this.#filter.db);
    const logged = this.#log("skipped", reasonCode, reason, bytes, offset);
    if (logged && alert)
      this.#ledger.alert(`${name.name.toLowerCase()}-skipped`, `${name.name} was skipped: ${reason}.`);
    if (logged && FLUSHES.has(name.name)) this.#ledger.flushed();
  }

  /** A command that is too large to be held may not have been applied, and the keys behind its values are not known. */
  keysUnknown(command: string, db: number): void {
    const message = `${command} in database ${db}, a command past 1 MiB, may not have been applied on the destination. Those of its keys that are known are copied again; compare the others with the shard.`;
    this.#ledger.alert("large-command-missed", message);
  }

  /** False for a command that has been logged before: it is read again after a reconnect. */
  #log(
    kind: "skipped" | "rejected",
    code: string,
    reason: string,
    bytes: Uint8Array,
    offset: bigint,
  ): boolean {
    const { loggedTo } = this.#ledger;
    const { name, db } = this.#filter;
    const what = kind === "skipped" ? kind : name.name;
    if (offset < (loggedTo.get(what) ?? 0n)) return false;
    loggedTo.set(what, offset + 1n);
    this.#ledger.refusals.add(kind, name.name, db, code, reason, () => this.#sample(bytes));
    return true;
  }

  #sample(bytes: Uint8Array): string {
    const { seen, starts, ends, argc } = this.#scanner;
    const found: Uint8Array[] = [];
    for (let index = 0; index < Math.min(seen, starts.length); index++) {
      found.push(bytes.subarray(starts[index]!, ends[index]!));
    }
    return commandSample(found, argc);
  }

  /**
   * Looks for commands that were queued and then refused within a transaction that was applied for all others,
   * although they would be taken at another time: a permission that was withdrawn in between, a script that finds
   * no memory. Their keys are copied again; they are not rejected.
   * redis: multi.c execCommand (ACLCheckAllPerm), script.c scriptPrepareForRun
   * @returns why the batch is not what the source did and cannot be put right key by key; null when it can.
   */
  missedWithin(batch: StreamBatch, link: DestinationLink, address: string): TributaryError | null {
    for (const [item, answer] of batch.rejections) {
      if (this.#pastLimit(batch, item, answer, link)) continue;
      const command = batch.names[item]?.name ?? null;
      const state = stateErrorOf(answer, address, command ?? "a command of Tributary");
      if (state === null) continue;
      const keys = this.#keysOf(batch, item, link);
      if (keys.length === 0) {
        const details = { address, command: state.details.command ?? "", detail: answer };
        return new TributaryError("DESTINATION_MISSED", details);
      }
      for (const key of keys) this.#ledger.doubtful.doubt("copy", batch.dbs[item]!, key);
      batch.rejections.delete(item);
      const message = `The destination refused ${command} within a transaction that it applied (${answer}): its keys are copied again.`;
      this.#ledger.alert("command-missed", message);
    }
    return null;
  }

  /**
   * True for a command that would have made a string longer than the destination takes, which the shard does: what has
   * come behind it may have built on what was there before.
   * redis: t_string.c checkStringLength, bitops.c getBitOffsetFromArgument
   */
  #pastLimit(batch: StreamBatch, item: number, answer: string, link: DestinationLink): boolean {
    if (!PAST_LIMIT.test(answer)) return false;
    const keys = this.#keysOf(batch, item, link);
    const db = batch.dbs[item]!;
    for (const key of keys) {
      this.#ledger.leftOut.remove(db, key);
      this.#ledger.doubtful.doubt("limit", db, key);
    }
    if (keys.length === 0) return false;
    batch.rejections.delete(item);
    return true;
  }

  /**
   * Logs what was rejected within a transaction that has been applied. What met a key that was still to be copied is
   * none: it is copied as it is after the command, which the shard has run.
   */
  rejectedWithin(batch: StreamBatch, link: DestinationLink): void {
    const { doubtful } = this.#ledger;
    for (const item of doubtful.anyOld ? batch.rejections.keys() : []) {
      const keys = this.#keysOf(batch, item, link);
      const db = batch.dbs[item]!;
      if (!keys.some((key) => doubtful.mayBeOld(db, key))) continue;
      for (const key of keys) doubtful.doubt("copy", db, key);
      batch.rejections.delete(item);
    }
    for (const [item, answer] of batch.rejections) {
      const index = batch.firstCommand + 1 + item;
      // A command of ours goes by its own name.
      const name = batch.names[item]?.name ?? ownName(link, index);
      const sample = () => link.sampleOf(index);
      this.#ledger.refusals.add("rejected", name, batch.dbs[item]!, rejectionCode(answer), answer, sample);
    }
  }

  /** The keys of a command of the source as it was sent, which may be a script in its place; empty for one of ours. */
  #keysOf(batch: StreamBatch, item: number, link: DestinationLink): Uint8Array[] {
    const args = link.argumentsOf(batch.firstCommand + 1 + item);
    if (batch.names[item] == null || args.length === 0) return [];
    const spec = commandSpec(shownName(args[0]!));
    return spec === undefined ? [] : keysOf(spec, args).map((at) => args[at]!);
  }

  /**
   * A transaction was discarded as a whole: notes which of its commands are at fault, so that they are left out.
   * @returns false when none of them is.
   */
  learn(batch: StreamBatch, link: DestinationLink, offsetAt: (position: number) => bigint): boolean {
    let learned = false;
    for (const [item, refusal] of batch.refusals) {
      const name = batch.names[item]?.name;
      if (name === undefined) continue;
      learned = true;
      if (rejectionCode(refusal) === "UNKNOWN_COMMAND" && !/subcommand/i.test(refusal)) {
        // The answer cuts a long name elsewhere than it is cut here: what was sent counts.
        const [sent] = link.argumentsOf(batch.firstCommand + 1 + item);
        this.#ledger.unknownCommands.set(
          sent === undefined ? unknownName(refusal, name) : shownName(sent),
          refusal,
        );
      } else {
        this.#ledger.refusedAt.set(offsetAt(batch.positions[item]!), refusal);
      }
    }
    return learned;
  }
}

/** What the destination calls unknown: another command may have been sent in the place of the source's. */
function unknownName(refusal: string, name: string): string {
  const told = /^ERR unknown command ['`"]?([^'`",\s]+)/i.exec(refusal)?.[1];
  return told === undefined ? name : shownName(Buffer.from(told, "latin1"));
}

/** Of a command in RESP. */
function nameOf(command: Buffer): string {
  const head = command.toString("latin1", 0, 128);
  return shownName(Buffer.from(head.split("\r\n", 3)[2] ?? "", "latin1"));
}

function ownName(link: DestinationLink, index: number): string {
  const [name] = link.argumentsOf(index);
  return name === undefined ? "(a command of Tributary)" : Buffer.from(name).toString("latin1");
}
