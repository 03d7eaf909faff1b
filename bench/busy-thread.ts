import { mainThreadSeconds } from "./process-cpu.ts";

const SAMPLE_MS = 250;
/** A sample in which the thread has done less than this has not begun, or has ended, what is measured. */
const BEGUN_SHARE = 0.1;

export type Busy = {
  /** Share of the time in which the thread ran, percent. */
  readonly ran: number;
  /** Share in which it had work: it ran, or waited for a core that others had. Mean, and the least of all samples. */
  readonly hadWork: number;
  readonly hadWorkAtLeast: number;
};

/** Watches how busy a Redis's thread is, from the first sample in which it works to the last one. */
export class BusyThread {
  readonly #pid: number;
  readonly #timer: NodeJS.Timeout;
  readonly #samples: { readonly ran: number; readonly hadWork: number }[] = [];
  #at = performance.now();
  #last: { ran: number; waited: number };

  constructor(pid: number) {
    this.#pid = pid;
    this.#last = mainThreadSeconds(pid);
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS);
  }

  end(): Busy {
    clearInterval(this.#timer);
    const works = ({ hadWork }: { hadWork: number }) => hadWork >= BEGUN_SHARE;
    // The samples at both ends are busy for a part of their time only.
    const within = this.#samples.slice(
      this.#samples.findIndex(works) + 1,
      Math.max(0, this.#samples.findLastIndex(works)),
    );
    const percent = (shares: number[]) =>
      Math.round((shares.reduce((a, b) => a + b, 0) / shares.length) * 100);
    return {
      ran: percent(within.map((sample) => sample.ran)),
      hadWork: percent(within.map((sample) => sample.hadWork)),
      hadWorkAtLeast: percent([Math.min(...within.map((sample) => sample.hadWork))]),
    };
  }

  #sample(): void {
    const now = performance.now();
    const seconds = mainThreadSeconds(this.#pid);
    const elapsed = (now - this.#at) / 1000;
    const ran = (seconds.ran - this.#last.ran) / elapsed;
    const waited = (seconds.waited - this.#last.waited) / elapsed;
    this.#samples.push({ ran, hadWork: Math.min(1, ran + waited) });
    this.#at = now;
    this.#last = seconds;
  }
}
