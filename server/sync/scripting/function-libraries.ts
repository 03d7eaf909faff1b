import { encodeCommand } from "../../redis/encode-command.ts";
import { type AnswerWatch, answerWatch } from "../commands/answer-watch.ts";
import { scriptSha } from "./script-library.ts";

/** A command of ours for the destination's checkpoint database, in front of one of the source's. */
export type OwnCommand = { readonly bytes: Buffer; readonly watch: AnswerWatch | null };

export type FunctionLibrariesOptions = {
  /** The hash on the destination that says, for each library of the task, whose code it is, and which each shard has. */
  readonly key: string;
  readonly shardId: string;
  readonly shardName: string;
  /** That hash as it was when the destination's side was opened. */
  readonly known: ReadonlyMap<string, Buffer>;
  /** Whether the destination has functions. */
  readonly supported: boolean;
  /** Told when the code of another shard goes. */
  readonly onReplaced: (message: string) => void;
};

/**
 * Twemproxy knows no FUNCTION, so libraries are loaded on each shard, the same on all. On the destination the last
 * one loaded is there; where it is not the same as another shard's, that is said.
 */
export class FunctionLibraries {
  readonly #options: FunctionLibrariesOptions;

  /** Names of those that the task has brought to the destination. */
  readonly #present: Set<string>;

  constructor(options: FunctionLibrariesOptions) {
    this.#options = options;
    this.#present = new Set(
      options.supported ? [...options.known.keys()].filter((name) => !/ /.test(name)) : [],
    );
  }

  /** Commands to go in front of FUNCTION DELETE in the stream. */
  deleting(name: string): OwnCommand[] {
    this.#present.delete(name);
    return [{ bytes: encodeCommand(["HDEL", this.#options.key, name, this.#field(name)]), watch: null }];
  }

  /** The shard has it no more, but the destination keeps it. @param name null for all. */
  leaving(name: string | null): OwnCommand[] {
    const fields = (name === null ? [...this.#present] : [name]).map((one) => this.#field(one));
    if (fields.length === 0) return [];
    return [{ bytes: encodeCommand(["HDEL", this.#options.key, ...fields]), watch: null }];
  }

  /** Commands to go in the place of FUNCTION FLUSH. */
  flushing(): OwnCommand[] {
    // One that somebody has removed already is no failure.
    const gone = answerWatch({ answered: () => true });
    const own = [...this.#present].flatMap((name) => [
      { bytes: encodeCommand(["FUNCTION", "DELETE", name]), watch: gone },
      ...this.deleting(name),
    ]);
    return own;
  }

  /** Commands to go in front of FUNCTION LOAD in the stream. */
  loading(code: Buffer): OwnCommand[] {
    const name = libraryName(code);
    if (name === null) return [];
    if (this.#options.supported) this.#present.add(name);
    const watch = answerWatch({
      wantsText: true,
      answered: ({ text }) => {
        this.#compare(name, text, code);
        return false;
      },
    });
    return [
      { bytes: encodeCommand(["HGET", this.#options.key, name]), watch },
      { bytes: encodeCommand(["HSET", ...this.#marks(name, code)]), watch: null },
    ];
  }

  /** A library of an RDB. @returns the arguments of HSET that note it. */
  loaded(code: Buffer): readonly string[] | null {
    const name = libraryName(code);
    if (name === null) return null;
    this.#present.add(name);
    this.#compare(name, this.#options.known.get(name)?.toString("utf8") ?? "", code);
    return this.#marks(name, code);
  }

  #marks(name: string, code: Buffer): readonly string[] {
    const { key, shardName } = this.#options;
    const sha = scriptSha(code);
    return [key, name, `${sha} ${shardName}`, this.#field(name), sha];
  }

  /** A library's name has no space. */
  #field(name: string): string {
    return `${name} ${this.#options.shardId}`;
  }

  #compare(name: string, before: string, code: Buffer): void {
    const { shardName, onReplaced } = this.#options;
    const [, sha, other] = /^([0-9a-f]{40}) (.*)$/.exec(before) ?? [];
    if (sha === undefined || sha === scriptSha(code) || other === shardName) return;
    onReplaced(
      `The function library ${name} as shard ${other} had loaded it was replaced by that of shard ${shardName}: the two differ.`,
    );
  }
}

/** redis: functions.c functionExtractLibMetaData: "#!lua name=mylib" is the first line. */
function libraryName(code: Buffer): string | null {
  const [line = ""] = code.toString("latin1", 0, 1024).split("\n", 1);
  return /^#!.*\sname="?([A-Za-z0-9_]+)/.exec(line)?.[1] ?? null;
}
