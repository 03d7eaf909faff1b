import { decimalDigits, putBytes, putCrlf, putHead } from "./resp-encoder.ts";

/** A command of any bytes in RESP, an array of bulk strings; texts are UTF-8. */
export function encodeCommand(args: readonly (Uint8Array | string)[]): Buffer {
  let size = headBytes(args.length);
  for (const arg of args) {
    const length = typeof arg === "string" ? Buffer.byteLength(arg) : arg.length;
    size += headBytes(length) + length + 2;
  }
  const into = Buffer.allocUnsafe(size);
  let at = putHead(into, 0, ASTERISK, args.length);
  for (const arg of args) {
    if (typeof arg === "string") {
      const length = Buffer.byteLength(arg);
      at = putHead(into, at, DOLLAR, length);
      at += into.write(arg, at, length);
    } else {
      at = putHead(into, at, DOLLAR, arg.length);
      at = putBytes(into, at, arg, 0, arg.length);
    }
    at = putCrlf(into, at);
  }
  return into;
}

/** Of `*<number>` or `$<number>` and CRLF. */
function headBytes(number: number): number {
  return decimalDigits(number) + 3;
}

const ASTERISK = 42;
const DOLLAR = 36;
