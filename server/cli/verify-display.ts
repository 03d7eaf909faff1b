import { number } from "../verify/verdict.ts";
import type { VerifyProgress } from "../verify/verification.ts";

const TERMINAL_MS = 250;
const PLAIN_MS = 5000;

const phases: Record<VerifyProgress["phase"], string> = {
  connecting: "connecting",
  counts: "counting",
  forward: "shards → destination",
  backward: "destination → shards",
  settling: "looking again at what differs",
  done: "done",
};

/** Shows how far a verification is: a line that is drawn again on a terminal, one now and then elsewhere. */
export class VerifyDisplay {
  readonly #out: NodeJS.WriteStream;
  readonly #look: () => VerifyProgress;
  readonly #timer: NodeJS.Timeout;
  #drawn = false;

  constructor(out: NodeJS.WriteStream, look: () => VerifyProgress) {
    this.#out = out;
    this.#look = look;
    this.#timer = setInterval(() => this.#draw(), out.isTTY ? TERMINAL_MS : PLAIN_MS);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
    if (this.#drawn) this.#out.write("\r\x1b[2K");
  }

  #draw(): void {
    const line = verifyLine(this.#look(), Date.now());
    if (!this.#out.isTTY) {
      this.#out.write(`${line}\n`);
      return;
    }
    this.#out.write(`\r\x1b[2K${line.slice(0, Math.max(1, this.#out.columns - 1))}`);
    this.#drawn = true;
  }
}

/** One line about it. @param now ms since the epoch. */
export function verifyLine(progress: VerifyProgress, now: number): string {
  const { phase, done, total, bytes, differences, suspects, startedAt } = progress;
  const seconds = Math.max(0.001, (now - startedAt) / 1000);
  const rate = done / seconds;
  const left = rate > 0 && total > done ? Math.ceil((total - done) / rate) : null;
  return [
    phases[phase],
    total > 0 ? `${Math.min(100, Math.floor((done / total) * 100))} %` : null,
    `${number(done)} of about ${number(total)} keys`,
    `${number(Math.round(rate))}/s, ${(bytes / seconds / 1e6).toFixed(1)} MB/s`,
    left === null ? null : `${left} s left`,
    differences > 0 ? `${number(differences)} differ` : null,
    suspects > 0 ? `${number(suspects)} to be looked at again` : null,
  ]
    .filter((part) => part !== null)
    .join("  ");
}
