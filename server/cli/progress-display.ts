import type { ShardReport } from "../sync/report/shard-report.ts";
import { progressLine } from "./progress-line.ts";
import type { ShardFollower } from "./shard-summary.ts";

const TERMINAL_MS = 250;
const PLAIN_MS = 5000;

/** Shows how the shards go: lines that are drawn again on a terminal, plain ones now and then elsewhere. */
export class ProgressDisplay {
  readonly #shards: readonly ShardFollower[];
  readonly #out: NodeJS.WriteStream;
  readonly #timer: NodeJS.Timeout;
  readonly #before: (ShardReport | null)[];
  readonly #lines: string[];
  #drawn = 0;

  /** @param out standard output, or standard error where that one carries JSON. */
  constructor(shards: readonly ShardFollower[], out: NodeJS.WriteStream) {
    this.#shards = shards;
    this.#out = out;
    this.#before = shards.map(() => null);
    this.#lines = shards.map(() => "");
    this.#timer = setInterval(() => this.#draw(), out.isTTY ? TERMINAL_MS : PLAIN_MS);
    this.#timer.unref();
  }

  /** A line that stays, above the ones that are drawn again. */
  say(text: string): void {
    this.#erase();
    this.#out.write(`${text}\n`);
    if (this.#out.isTTY) this.#draw();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#draw();
  }

  #draw(): void {
    this.#erase();
    const width = this.#out.isTTY ? this.#out.columns : 200;
    for (const [index, shard] of this.#shards.entries()) {
      const report = shard.latest;
      const before = this.#before[index] ?? null;
      // Two reports of the same moment give no rate: the line before stays.
      if (report === null || report.at !== before?.at) {
        this.#lines[index] = progressLine(shard.name, report, before, width);
        this.#before[index] = report;
      }
      this.#out.write(`${this.#lines[index]}\n`);
    }
    this.#drawn = this.#shards.length;
  }

  #erase(): void {
    if (this.#out.isTTY && this.#drawn > 0) this.#out.write(`\x1b[${this.#drawn}A\x1b[0J`);
    this.#drawn = 0;
  }
}
