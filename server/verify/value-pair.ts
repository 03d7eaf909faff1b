import { type ElementDifference, shown } from "./element-differences.ts";
import type { Side } from "./look.ts";
import type { Reply } from "./reply-reader.ts";
import type { ElementPart } from "./value-elements.ts";

/** One value on both sides. */
export type ValuePair = {
  readonly source: Side;
  readonly sourceDb: number;
  readonly destination: Side;
  readonly db: number;
  readonly key: Buffer;
  readonly signal: AbortSignal;
};

/** The reply of the source and of the destination to the same command about the key. */
export async function askBoth(
  pair: ValuePair,
  name: string,
  ...args: readonly string[]
): Promise<[Reply, Reply]> {
  return await Promise.all([
    pair.source.connection.one(pair.sourceDb, name, pair.key, ...args),
    pair.destination.connection.one(pair.db, name, pair.key, ...args),
  ]);
}

/** The bulk strings of an array reply. */
export function listOf(reply: Reply | undefined): Buffer[] {
  return Array.isArray(reply) ? reply.filter((item): item is Buffer => item instanceof Buffer) : [];
}

export function part(
  of: ElementPart,
  name: Uint8Array,
  source: Uint8Array | null,
  destination: Uint8Array | null,
): ElementDifference {
  return {
    part: of,
    name: shown(name),
    source: source === null ? null : shown(source),
    destination: destination === null ? null : shown(destination),
  };
}
