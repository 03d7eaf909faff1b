import { CommandScanner } from "../../redis/command-scanner.ts";

/** Copies of all arguments of a whole command: the scanner notes the first ones only. */
export function allArguments(bytes: Uint8Array, scanner: CommandScanner): Buffer[] {
  const found: Buffer[] = [];
  let start = scanner.starts[0]!;
  let end = scanner.ends[0]!;
  for (let index = 0; index < scanner.argc; index++) {
    if (index > 0) {
      // CRLF, a dollar, the length, CRLF.
      let length = 0;
      let at = end + 3;
      for (; bytes[at] !== CR; at++) length = length * 10 + (bytes[at]! - ZERO);
      start = at + 2;
      end = start + length;
    }
    found.push(Buffer.from(bytes.subarray(start, end)));
  }
  return found;
}

/** The first arguments: all that are known of a large command, or that the scanner notes of any other. */
export function firstArguments(bytes: Uint8Array, scanner: CommandScanner): Buffer[] {
  const count = Math.min(scanner.seen, scanner.starts.length);
  return Array.from({ length: count }, (_, index) => argumentAt(bytes, scanner, index));
}

/** A copy of one of the first arguments. */
export function argumentAt(bytes: Uint8Array, scanner: CommandScanner, index: number): Buffer {
  return Buffer.from(bytes.subarray(scanner.starts[index]!, scanner.ends[index]!));
}

/** A scanner that has found the arguments of this command. */
export function scanOf(command: Buffer): CommandScanner {
  const scanner = new CommandScanner("the stream");
  scanner.scan(command, 0, command.length);
  return scanner;
}

/** An option, whatever its case; "" where there is none. */
export const word = (arg: Buffer | undefined) => arg?.toString("latin1").toUpperCase() ?? "";

const CR = 13;
const ZERO = 48;
