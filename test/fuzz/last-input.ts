import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Names the input at hand in a file, for the case that the whole process ends with it: a crash, or no memory left. */
export class LastInput {
  readonly file: string;
  readonly #descriptor: number;

  /** @param name of the parser; the file is left where the process does not come to `forget`. */
  constructor(name: string) {
    this.file = join(tmpdir(), `tributary-fuzz-${name.replace(/\W+/g, "-")}-${process.pid}.at`);
    this.#descriptor = openSync(this.file, "w");
  }

  at(index: number): void {
    writeSync(this.#descriptor, `FUZZ_INDEX=${String(index).padEnd(12)}\n`, 0);
  }

  forget(): void {
    closeSync(this.#descriptor);
    rmSync(this.file, { force: true });
  }
}
