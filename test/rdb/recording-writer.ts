import type { CommandWriter } from "../../server/redis/command-writer.ts";

/** Keeps the commands written to it, and fails where they are not well formed. */
export class RecordingWriter implements CommandWriter {
  readonly commands: Buffer[][] = [];
  /** The most bytes that one piece or argument had. */
  largest = 0;
  #wanted = 0;
  #missing = 0;

  command(...args: readonly (Uint8Array | string | number)[]): void {
    this.begin(args.length);
    for (const arg of args) this.argument(arg);
  }

  begin(argc: number): void {
    this.#closed("a command begins within another");
    if (argc < 1) throw new Error("a command without a name");
    this.#wanted = argc;
    this.commands.push([]);
  }

  argument(value: Uint8Array | string | number): void {
    if (this.#missing > 0) throw new Error("an argument begins within another");
    if (this.#wanted === 0) throw new Error("an argument too many");
    if (typeof value === "number" && !Number.isSafeInteger(value)) throw new Error(`${value} is no integer`);
    const bytes = typeof value === "object" ? Buffer.from(value) : Buffer.from(String(value));
    this.largest = Math.max(this.largest, bytes.length);
    this.#wanted--;
    this.commands.at(-1)!.push(bytes);
  }

  beginArgument(length: number): void {
    this.argument("");
    this.commands.at(-1)![this.commands.at(-1)!.length - 1] = Buffer.alloc(length);
    this.#missing = length;
  }

  piece(bytes: Uint8Array): void {
    if (bytes.length > this.#missing) throw new Error("a piece goes past its argument");
    const argument = this.commands.at(-1)!.at(-1)!;
    argument.set(bytes, argument.length - this.#missing);
    this.#missing -= bytes.length;
    this.largest = Math.max(this.largest, bytes.length);
  }

  async drain(): Promise<void> {}

  /** The commands as text, after all of them have been closed. */
  texts(): string[] {
    this.#closed("the last command is not whole");
    return this.commands.map((command) => command.map((part) => part.toString("latin1")).join(" "));
  }

  #closed(otherwise: string): void {
    if (this.#wanted > 0 || this.#missing > 0) throw new Error(otherwise);
  }
}
