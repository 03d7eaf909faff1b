import type { CommandName } from "../commands/command-names.ts";
import type { WritesFacts } from "../report/shard-report.ts";
import { Removals } from "./removals.ts";

/** Names of commands that one report tells. */
const MOST_NAMES = 5;

/**
 * Counts the commands of the stream that somebody has written: neither the heartbeat, nor PING, SELECT and REPLCONF, nor
 * a deletion that the server has made by itself since a key had expired or was evicted. A stream that is read again
 * after a reconnect is counted once.
 */
export class StreamWrites {
  #count = 0;
  #reported = 0;
  #lastAt: number | null = null;
  #commands: readonly string[] = [];
  #names = new Set<string>();
  #name: CommandName | null = null;
  /** Offsets below this one have been counted. */
  #countedTo = -1;
  readonly #removals = new Removals();

  /**
   * @param offset the source's, before the command. Past 2^53 it is not exact, which does no harm here.
   * @param selected its database is one of those that are synchronized.
   * @param args how many arguments the command has, its name included.
   */
  note(name: CommandName, args: number, offset: number, selected: boolean): void {
    if (name.origin === "server" || offset < this.#countedTo) return;
    this.#countedTo = offset + 1;
    // A server deletes one key at a time: more at once is somebody's command.
    if (name.origin === "either" && (args <= 2 || name.name === "HDEL")) {
      this.#removals.note(offset, selected);
      return;
    }
    if (!selected) return;
    this.#count++;
    if (this.#name === name) return;
    this.#name = name;
    this.#remember(name.name);
  }

  /**
   * INFO has said how much the server has removed by itself, up to an offset of its stream.
   * @param removed keys that expired or were evicted, and fields that expired, since the server's start.
   */
  explain(offset: number, removed: number): void {
    this.#removals.explain(offset, removed);
  }

  /** Another history begins: its offsets have nothing to do with those of before. */
  newHistory(): void {
    this.#countedTo = -1;
    this.#removals.newHistory();
  }

  /**
   * @param now ms since the epoch.
   * @param readTo the stream has been read up to this offset, at the least.
   */
  read(now: number, readTo: number): WritesFacts {
    const byHand = this.#removals.settle(readTo);
    if (byHand > 0) {
      this.#count += byHand;
      this.#remember("DEL");
    }
    if (this.#count > this.#reported) {
      this.#reported = this.#count;
      this.#lastAt = now;
      if (this.#name !== null) this.#remember(this.#name.name);
      this.#commands = [...this.#names];
      this.#names = new Set();
      this.#name = null;
    }
    return { count: this.#count, lastAt: this.#lastAt, commands: this.#commands };
  }

  #remember(name: string): void {
    if (this.#names.size < MOST_NAMES) this.#names.add(name);
  }
}
