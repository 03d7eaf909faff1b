/** `up` goes to the server behind the proxy, `down` comes from it. */
export type Direction = "up" | "down";

/**
 * Looks at all bytes of one direction of a connection, from the moment at which the trap was set or the connection
 * was made. @returns how many of them pass before it springs; null while it does not.
 */
export type Find = (seen: Buffer) => number | null;

export type TrapOptions = {
  readonly direction: Direction;
  readonly find: Find;
  /** `cut` ends the connection there; `freeze` lets nothing more pass in either direction; `tell` only says so. */
  readonly act: "cut" | "freeze" | "tell";
  /** How many connections it springs on; 1 unless given. */
  readonly times?: number;
};

/** Waits for a place in a conversation. */
export class Trap {
  /** Resolves when it has sprung for the first time. */
  readonly sprung: Promise<void>;
  readonly options: TrapOptions;
  hits = 0;
  #released = false;
  readonly #seen = new WeakMap<object, Buffer>();
  #resolve: () => void = () => {};

  constructor(options: TrapOptions) {
    this.options = options;
    this.sprung = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  get set(): boolean {
    return !this.#released && this.hits < (this.options.times ?? 1);
  }

  /** It springs no more. */
  release(): void {
    this.#released = true;
  }

  /** @returns how many bytes of `chunk` pass before it springs; null where it does not. */
  look(connection: object, direction: Direction, chunk: Buffer): number | null {
    if (!this.set || direction !== this.options.direction) return null;
    const before = this.#seen.get(connection) ?? Buffer.alloc(0);
    const seen = Buffer.concat([before, chunk]);
    this.#seen.set(connection, seen);
    const at = this.options.find(seen);
    if (at === null || at > seen.length) return null;
    this.hits++;
    this.#resolve();
    return Math.max(0, at - before.length);
  }
}

/** After the patterns, one behind the other; a number is that many bytes further on, or back where it is negative. */
export function after(...patterns: (string | RegExp | number)[]): Find {
  return (seen) => {
    // latin1: one character for each byte.
    const text = seen.toString("latin1");
    let at = 0;
    for (const pattern of patterns) {
      if (typeof pattern === "number") {
        at += pattern;
      } else if (typeof pattern === "string") {
        const found = text.indexOf(pattern, at);
        if (found === -1) return null;
        at = found + pattern.length;
      } else {
        const found = pattern.exec(text.slice(at));
        if (found === null) return null;
        at += found.index + found[0].length;
      }
    }
    return at;
  };
}

/** Of an RDB that comes with a mark at its end: `plus` bytes after the end of that mark, or before it. */
export function afterMark(plus = 0): Find {
  return (seen) => {
    const header = /\$EOF:([\s\S]{40})\r\n/.exec(seen.toString("latin1"));
    if (header === null) return null;
    const end = seen.indexOf(header[1]!, header.index + header[0].length, "latin1");
    return end === -1 ? null : end + 40 + plus;
  };
}

/** Of an RDB that comes with its length: `plus` bytes after its end, or before it. */
export function afterLength(plus = 0): Find {
  return (seen) => {
    const header = /\+FULLRESYNC [^\r]*\r\n\n*\$(\d+)\r\n/.exec(seen.toString("latin1"));
    if (header === null) return null;
    const end = header.index + header[0].length + Number(header[1]) + plus;
    return seen.length >= end ? end : null;
  };
}
