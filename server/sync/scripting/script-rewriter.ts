import type { CommandScanner } from "../../redis/command-scanner.ts";
import { encodeCommand } from "../../redis/encode-command.ts";
import { type RunScript, scriptName } from "../ledger/script-log.ts";
import { writesDeclaredAlone } from "./declared-writes.ts";
import { type ScriptLibrary, scriptSha } from "./script-library.ts";

/** What is known of a script before it runs. */
export type MetScript = RunScript & {
  /** What to run: the body behind the prelude; null where only the SHA1 is known, or the body is to stay as it is. */
  readonly script: Buffer | null;
  /** Nobody knows the body. */
  readonly unknown: boolean;
  /** It can be seen to write no key but those that it declares. */
  readonly declares: boolean;
  /** A command that would flush the destination and stands in its body; null without one. */
  readonly flush: string | null;
};

export type ScriptRewriterOptions = {
  readonly library: ScriptLibrary;
  readonly prelude: string;
  /** The hash on the destination that holds the bodies. */
  readonly storeKey: string;
  readonly moment: () => ScriptMoment;
};

/** What a script is told of time; ms since the epoch. */
export type ScriptMoment = {
  /** When the source ran the command at hand, and what time it is on the destination. */
  readonly at: number;
  readonly now: number;
  /** An expiry before this is held back; 0 while the stream is live. */
  readonly heldBackBefore: number;
  /** Others than this shard have keys on the destination. */
  readonly shared: boolean;
};

/** Scripts that are kept ready. */
const MAX_READY = 1000;

const UNKNOWN = {
  name: "(a script whose body is not known)",
  script: null,
  unknown: true,
  declares: false,
  flush: null,
} as const;

/**
 * Turns scripts that an old master sends as they were called into what the destination can run. EVALSHA becomes
 * EVAL: whatever has become of the destination's script cache (a restart, a failover, SCRIPT FLUSH), the script
 * is there.
 */
export class ScriptRewriter {
  /** The script of the last EVAL or EVALSHA that was met. */
  met: MetScript | null = null;
  readonly #options: ScriptRewriterOptions;
  readonly #prelude: Buffer;
  readonly #ready = new Map<string, MetScript>();

  constructor(options: ScriptRewriterOptions) {
    this.#options = options;
    this.#prelude = Buffer.from(options.prelude);
  }

  /** Takes a body in. @returns commands that store it in the destination's checkpoint database. */
  learn(body: Uint8Array): Buffer[] {
    return storing(this.#options, scriptSha(body), body);
  }

  /** Looks at an EVAL or EVALSHA. @returns as `learn`. */
  meet(name: string, bytes: Uint8Array, scanner: CommandScanner): Buffer[] {
    this.met = null;
    if (scanner.seen < 2) return [];
    const first = bytes.subarray(scanner.starts[1]!, scanner.ends[1]!);
    if (name === "EVAL") {
      const sha = scriptSha(first);
      this.met = this.#about(sha, first);
      return storing(this.#options, sha, first);
    }
    const sha = Buffer.from(first).toString("latin1").toLowerCase();
    const body = this.#options.library.bodyOf(sha) ?? null;
    this.met = this.#about(sha, body);
    // A call that is not rewritten goes as it is: the destination has to know its script.
    const asItIs = scanner.seen < scanner.argc || this.met.script === null;
    return body !== null && asItIs ? [encodeCommand(["SCRIPT", "LOAD", body])] : [];
  }

  /**
   * @param db the source's database, and the destination's.
   * @param sure what the destination has under the keys that the call names is what the shard has.
   * @returns the EVAL to send for the command that was met, or null to send it as it is.
   */
  rewrite(
    bytes: Uint8Array,
    scanner: CommandScanner,
    db: number,
    target: number,
    sure: boolean,
  ): Buffer | null {
    const script = this.met?.script ?? null;
    if (script === null || scanner.seen < scanner.argc) return null;
    const { at, now, heldBackBefore, shared } = this.#options.moment();
    const times = [at, now, heldBackBefore].map(Math.round);
    const flags = [shared, this.met?.declares === true, !sure].map(Number);
    const last = [...times, ...flags, db, target, this.met?.sha].join(" ");
    // From the count of keys on the bytes stay; one argument more follows them.
    const rest = bytes.subarray(scanner.ends[1]! + 2, endOf(bytes, scanner));
    return Buffer.concat([
      Buffer.from(`*${scanner.argc + 1}\r\n$4\r\nEVAL\r\n$${script.length}\r\n`),
      script,
      Buffer.from("\r\n"),
      rest,
      Buffer.from(`$${last.length}\r\n${last}\r\n`),
    ]);
  }

  #about(sha: string, body: Uint8Array | null): MetScript {
    const ready = this.#ready.get(sha);
    if (ready !== undefined) return ready;
    if (body === null) {
      return { ...UNKNOWN, sha };
    }
    const text = Buffer.from(body).toString("latin1");
    const about: MetScript = {
      sha,
      name: scriptName(body),
      // A script that states its engine or flags is of a master that sends effects.
      script: text.startsWith("#!") ? null : Buffer.concat([this.#prelude, body]),
      unknown: false,
      declares: writesDeclaredAlone(text),
      flush: /\b(flushall|flushdb|swapdb)\b/i.exec(text)?.[1]?.toUpperCase() ?? null,
    };
    if (this.#ready.size >= MAX_READY) this.#ready.clear();
    this.#ready.set(sha, about);
    return about;
  }
}

/** Takes a body in. @returns commands that store it under `storeKey`; none when it is known. */
export function storing(
  store: { readonly library: ScriptLibrary; readonly storeKey: string },
  sha: string,
  body: Uint8Array,
): Buffer[] {
  const gone = store.library.add(sha, body);
  if (gone === null) return [];
  const commands = [encodeCommand(["HSET", store.storeKey, sha, Buffer.from(body)])];
  if (gone.length > 0) commands.push(encodeCommand(["HDEL", store.storeKey, ...gone]));
  return commands;
}

/** Where the whole command at hand ends. The scanner notes the first arguments; the others are walked over. */
function endOf(bytes: Uint8Array, scanner: CommandScanner): number {
  const noted = Math.min(scanner.argc, scanner.ends.length);
  let position = scanner.ends[noted - 1]! + 2;
  for (let index = noted; index < scanner.argc; index++) {
    let length = 0;
    for (position++; bytes[position] !== 13; position++) length = length * 10 + (bytes[position]! - 48);
    position += 2 + length + 2;
  }
  return position;
}
