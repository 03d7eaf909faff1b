import { randomBytes } from "node:crypto";
import { type ChainableCommander, type Redis, ReplyError } from "ioredis";
import { encodeCommand } from "../../redis/encode-command.ts";
import { guardKey } from "../checkpoint/own-keys.ts";
import type { ShardSyncSpec } from "../spec/shard-sync-spec.ts";

/** For a message: why a guarded transaction was not applied. */
export const WRITER_CHANGED =
  "another connection has taken over this shard's writing, or the data was flushed";

/**
 * Keeps two writers apart where CLIENT KILL is forbidden. The writer of a shard owns a key on the destination:
 * each takeover, also one's own, puts a new token into it before the checkpoint is read. Every transaction watches
 * the key and sees the token before its EXEC is sent, so what a former connection has sent, or sends, is discarded.
 */
export class WriterGuard {
  readonly token: string;
  /** There was a writer before. */
  readonly taken: boolean;
  /** To be sent before MULTI; the last one's answer is the token while this is the writer. */
  readonly commands: readonly Buffer[];
  readonly #key: string;

  constructor(key: string, token: string, taken: boolean) {
    this.#key = key;
    this.token = token;
    this.taken = taken;
    this.commands = [encodeCommand(["WATCH", key]), encodeCommand(["GET", key])];
  }

  /** Whether this is still the writer. */
  async held(client: Redis): Promise<boolean> {
    return (await client.get(this.#key)) === this.token;
  }

  /** Applies a change in a transaction. @returns false when it was not: this is not the writer any more. */
  async within(client: Redis, change: (transaction: ChainableCommander) => unknown): Promise<boolean> {
    await client.watch(this.#key);
    if (!(await this.held(client))) {
      await client.unwatch();
      return false;
    }
    const transaction = client.multi();
    change(transaction);
    const answers = await transaction.exec();
    for (const [error] of answers ?? []) if (error !== null) throw error;
    return answers !== null;
  }
}

/**
 * Takes the shard's writing over from whoever has it: from here on no transaction of another is applied.
 * @returns null where the user may not even do that.
 */
export async function takeGuard(
  client: Redis,
  spec: ShardSyncSpec,
  epoch: number,
): Promise<WriterGuard | null> {
  const key = guardKey(spec.taskId, spec.shardId);
  const token = `${epoch} ${randomBytes(8).toString("hex")}`;
  try {
    const guard = new WriterGuard(key, token, (await client.get(key)) !== null);
    await client.set(key, token);
    await client.watch(key);
    await client.unwatch();
    return (await guard.held(client)) ? guard : null;
  } catch (error) {
    if (!(error instanceof ReplyError)) throw error;
    return null;
  }
}
