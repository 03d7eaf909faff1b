import { encodeCommand } from "../redis/encode-command.ts";
import { HEAD_BYTES, putBulk } from "../redis/resp-encoder.ts";

const FIRST_BYTES = 64 * 1024;

/** The beginning of a command whose last argument is a key, ready to be sent. @param words its name and what comes before the key. */
export function beforeKey(...words: readonly string[]): Buffer {
  const whole = encodeCommand([...words, ""]);
  // Without `$0\r\n\r\n`, in whose place the key comes.
  return whole.subarray(0, whole.length - 6);
}

/** Commands that are sent at one go, in RESP. */
export class ReadBatch {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;
  /** Replies to be expected. */
  commands = 0;

  /** @param before as `beforeKey` makes it. */
  key(before: Buffer, key: Uint8Array): void {
    this.#room(before.length + HEAD_BYTES + key.length + 2);
    before.copy(this.#bytes, this.#length);
    this.#length = putBulk(this.#bytes, this.#length + before.length, key, 0, key.length);
    this.commands++;
  }

  command(...args: readonly (Uint8Array | string)[]): void {
    const encoded = encodeCommand(args);
    this.#room(encoded.length);
    encoded.copy(this.#bytes, this.#length);
    this.#length += encoded.length;
    this.commands++;
  }

  /** What is to be sent; nothing is added afterwards. */
  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#length + bytes));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
