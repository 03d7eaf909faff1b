import { CommandScanner, NOTED_ARGUMENTS } from "../../../server/redis/command-scanner.ts";
import { CommandCutter, type CommandHandler } from "../../../server/sync/stream/command-cutter.ts";

export type TakenCommand = {
  readonly argc: number;
  /** As many as the scanner has noted. */
  readonly args: readonly Buffer[];
  readonly bytes: Buffer;
  /** Pieces in which it came; 0 where it came whole. */
  readonly pieces: number;
};

/** Takes what a cutter finds and keeps copies. */
export class RecordingHandler implements CommandHandler {
  blocked = false;
  readonly commands: TakenCommand[] = [];
  /** Called after each command and piece. */
  onTaken: () => void = () => {};
  readonly cutter: CommandCutter;
  readonly #scanner = new CommandScanner("shard test");
  #large: { argc: number; args: Buffer[]; parts: Buffer[] } | null = null;

  constructor() {
    this.cutter = new CommandCutter(this.#scanner, this, "shard test", 0n);
  }

  command(bytes: Uint8Array, start: number, stop: number): void {
    const { argc } = this.#scanner;
    const whole = Buffer.from(bytes.subarray(start, stop));
    this.commands.push({ argc, args: this.#arguments(bytes), bytes: whole, pieces: 0 });
    this.onTaken();
  }

  largeBegin(bytes: Uint8Array): void {
    if (this.#large !== null) throw new Error("a large command begins within another");
    this.#large = { argc: this.#scanner.argc, args: this.#arguments(bytes), parts: [] };
  }

  largePiece(bytes: Uint8Array, start: number, end: number, part: { begin: boolean; end: boolean }): void {
    const large = this.#large;
    if (large === null) throw new Error("a piece comes outside of a large command");
    if (part.begin !== (large.parts.length === 0)) throw new Error("begin is told of another piece");
    large.parts.push(Buffer.from(bytes.subarray(start, end)));
    if (part.end) {
      const { argc, args, parts } = large;
      this.commands.push({ argc, args, bytes: Buffer.concat(parts), pieces: parts.length });
      this.#large = null;
    }
    this.onTaken();
  }

  #arguments(bytes: Uint8Array): Buffer[] {
    const { seen, starts, ends } = this.#scanner;
    return Array.from({ length: Math.min(seen, NOTED_ARGUMENTS) }, (_, index) =>
      Buffer.from(bytes.subarray(starts[index]!, ends[index]!)),
    );
  }
}
