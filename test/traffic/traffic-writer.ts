import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { type MixedCommandsOptions, mixedCommands } from "./mixed-commands.ts";
import { seededRandom } from "./seeded-random.ts";

export type TrafficOptions = Partial<MixedCommandsOptions> & {
  /** A random one, printed, unless given. */
  readonly seed?: number;
  /** As fast as it goes unless given. */
  readonly commandsPerSecond?: number;
};

/**
 * Writes mixed traffic until it is stopped. Errors are counted by their text, so that a test can require that there
 * are none. A broken connection is waited out: what it left unanswered counts as an error and may have been written.
 */
export class TrafficWriter {
  readonly seed: number;
  /** Commands answered so far. */
  commands = 0;
  /** Error text → how often. */
  readonly errors = new Map<string, number>();
  readonly #client: Redis;
  readonly #next: () => readonly (readonly string[])[];
  readonly #perSecond: number;
  #running: Promise<void> | null = null;
  #stopping = false;

  /** @param client of a Redis-Server (through: "direct") or of a nutcracker (the default). */
  constructor(client: Redis, options: TrafficOptions = {}) {
    this.seed = options.seed ?? Math.floor(Math.random() * 2 ** 31);
    if (options.seed === undefined) console.log(`traffic seed: ${this.seed}`);
    this.#client = client;
    this.#perSecond = options.commandsPerSecond ?? Number.POSITIVE_INFINITY;
    this.#next = mixedCommands(seededRandom(this.seed), {
      keysPerType: options.keysPerType ?? 200,
      prefix: options.prefix ?? "",
      through: options.through ?? "nutcracker",
    });
  }

  start(): this {
    this.#running ??= this.#run();
    return this;
  }

  /** Ends after the commands that are under way. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    let began = performance.now();
    let issued = 0;
    while (!this.#stopping) {
      const due = Math.min(issued + 500, ((performance.now() - began) / 1000) * this.#perSecond);
      // After a standstill the writer does not catch up: it goes on at its rate.
      if (due - issued >= 500 && this.#perSecond !== Number.POSITIVE_INFINITY) {
        began = performance.now() - (issued / this.#perSecond) * 1000;
      }
      const answers: Promise<unknown>[] = [];
      while (issued < due) {
        const unit = this.#next();
        issued += unit.length;
        for (const [name = "", ...args] of unit) answers.push(this.#send(name, args));
      }
      await Promise.all(answers);
      await sleep(this.#perSecond === Number.POSITIVE_INFINITY ? 0 : 10);
    }
  }

  async #send(name: string, args: readonly string[]): Promise<void> {
    try {
      await this.#client.call(name, ...args.map((arg) => Buffer.from(arg, "latin1")));
      this.commands++;
    } catch (error) {
      const text = (error as Error).message;
      this.errors.set(text, (this.errors.get(text) ?? 0) + 1);
    }
  }
}
