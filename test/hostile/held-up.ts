import { readdirSync, readFileSync } from "node:fs";

const LOOK_MS = 250;
/** ms that are looked back on: more than a heartbeat takes there and back. */
const LOOK_BACK_MS = 3000;
const TASKS = "/proc/self/task";

/**
 * Knows for how long threads of this process were ready to run and the machine ran others: no lag of theirs is then any
 * peer's doing. A thread that its own work keeps busy does not count.
 */
export class HeldUp {
  /** Of each thread, its latest waits, ms in all since its start. */
  readonly #waits = new Map<string, number[]>();
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  /** Of the thread that was held up most, within the last seconds. */
  get seconds(): number {
    const waits = [...this.#waits.values()].map((known) => known.at(-1)! - known[0]!);
    return Math.max(0, ...waits) / 1000;
  }

  #look(): void {
    const threads = new Set(readdirSync(TASKS));
    for (const thread of this.#waits.keys()) if (!threads.has(thread)) this.#waits.delete(thread);
    for (const thread of threads) {
      const known = this.#waits.get(thread) ?? [];
      known.push(waitOf(thread));
      if (known.length > LOOK_BACK_MS / LOOK_MS) known.shift();
      this.#waits.set(thread, known);
    }
  }
}

/** linux: Documentation/scheduler/sched-stats.rst: ns on the processor, ns of waiting for it, times. */
function waitOf(thread: string): number {
  try {
    return Number(readFileSync(`${TASKS}/${thread}/schedstat`, "utf8").split(" ")[1]) / 1e6;
  } catch {
    // It has just ended.
    return 0;
  }
}
