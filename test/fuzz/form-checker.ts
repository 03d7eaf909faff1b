import type { CommandWriter } from "../../server/redis/command-writer.ts";

/** Takes commands and throws when one has more or fewer arguments, or an argument more or fewer bytes, than was said. */
export class FormChecker implements CommandWriter {
  #arguments = 0;
  #missing = 0;
  readonly #onBytes: (bytes: Uint8Array | string) => void;

  /** @param onBytes gets all that is written, in order; pieces in whatever sizes they come. */
  constructor(onBytes: (bytes: Uint8Array | string) => void) {
    this.#onBytes = onBytes;
  }

  command(...args: readonly (Uint8Array | string | number)[]): void {
    this.begin(args.length);
    for (const arg of args) this.argument(arg);
  }

  begin(argc: number): void {
    if (this.#arguments !== 0 || this.#missing !== 0) throw new Error("a command begins within another");
    this.#arguments = argc;
    this.#onBytes(`*${argc} `);
  }

  argument(value: Uint8Array | string | number): void {
    if (typeof value === "number" && !Number.isSafeInteger(value)) throw new Error(`${value} is no integer`);
    this.#next();
    this.#onBytes(typeof value === "number" ? String(value) : value);
    this.#onBytes(" ");
  }

  beginArgument(length: number): void {
    this.#next();
    this.#missing = length;
  }

  piece(bytes: Uint8Array): void {
    this.#missing -= bytes.length;
    if (this.#missing < 0) throw new Error("a piece goes past its argument");
    this.#onBytes(bytes);
  }

  async drain(): Promise<void> {}

  #next(): void {
    if (this.#arguments-- <= 0 || this.#missing > 0) throw new Error("an argument out of place");
  }
}
