/**
 * Where commands for the destination are written, one after another, in RESP. The implementation buffers,
 * counts the replies it has to expect and bounds what is in flight.
 */
export interface CommandWriter {
  /** Writes one whole command. Strings are UTF-8; numbers are integers in decimal. */
  command(...args: readonly (Uint8Array | string | number)[]): void;
  /** Starts a command of `argc` arguments (the name included) which follow one by one. */
  begin(argc: number): void;
  /** One whole argument of a begun command. */
  argument(value: Uint8Array | string | number): void;
  /** Starts an argument of `length` bytes whose bytes follow in pieces: for what must not be in memory whole. */
  beginArgument(length: number): void;
  /** A piece of the argument begun; the bytes are copied before it returns. After the last one the argument is closed by itself. */
  piece(bytes: Uint8Array): void;
  /** Resolves once there is room again for more; to be awaited about once per 64 KB written. */
  drain(): Promise<void>;
}
