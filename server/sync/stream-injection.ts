/** Commands that are applied between two of the stream, at an exact offset of the source. */
export type StreamInjection = {
  /** The source's offset at which what they say was true; the end of a command. */
  readonly offset: bigint;
  /** Each in RESP, with its database on the destination. */
  readonly commands: readonly { readonly bytes: Buffer; readonly target: number }[];
  /** The transaction that holds them has been applied. */
  readonly onApplied: () => void;
};
