import type { Redis } from "ioredis";
import { dropClient, openClient } from "../../redis/client.ts";
import { formatAddress } from "../../redis/endpoint.ts";
import { parseInfo, releaseOf, serverFacts } from "../../redis/server-info.ts";
import { SourceLocator } from "../source/source-locator.ts";
import type { ShardSyncSpec } from "../spec/shard-sync-spec.ts";
import { DUMP_ANSWER_BYTES } from "../spec/sync-limits.ts";
import { siblingsByIndex } from "./shard-places.ts";

/** A sibling that is silent for this long is asked again later, ms. */
const ANSWERS_MS = 5000;
/** ms after which a shard with several addresses is looked for again. */
const LOCATE_AGAIN_MS = 3000;

/** A shard's master, and the first part of its version. */
export type AskedSource = { readonly client: Redis; readonly release: number };

type Sibling = {
  readonly locator: SourceLocator;
  readonly name: string;
  locatedAt: number;
  open: (AskedSource & { readonly address: string }) | null;
};

/** Connections to the task's other shards, each opened when it is wanted: for what they hold of this shard's keys. */
export class SiblingSources {
  readonly #siblings: (Sibling | null)[];
  readonly #now: () => number;
  readonly #signal: AbortSignal;

  constructor(spec: ShardSyncSpec, now: () => number, signal: AbortSignal) {
    this.#now = now;
    this.#signal = signal;
    this.#siblings = siblingsByIndex(spec).map((addresses) => {
      if (addresses === null) return null;
      const name = addresses.shardName;
      // What there is to say about its master is said by its own shard sync.
      const locator = new SourceLocator({ addresses, role: `shard ${name}`, now, onEvent: () => {}, signal });
      return { locator, name, locatedAt: Number.NEGATIVE_INFINITY, open: null };
    });
  }

  /** The indices of all but this shard. */
  get indices(): number[] {
    return this.#siblings.flatMap((sibling, index) => (sibling === null ? [] : [index]));
  }

  /** @param index of another shard than this one. @throws TributaryError as openClient and SourceLocator.locate. */
  async at(index: number): Promise<AskedSource> {
    const sibling = this.#siblings[index]!;
    const role = `shard ${sibling.name}`;
    if (sibling.locator.current === null || this.#now() - sibling.locatedAt > LOCATE_AGAIN_MS) {
      await sibling.locator.locate(null);
      sibling.locatedAt = this.#now();
    }
    const endpoint = sibling.locator.current!;
    const address = formatAddress(endpoint);
    if (
      sibling.open !== null &&
      (sibling.open.address !== address || sibling.open.client.status !== "ready")
    ) {
      this.drop(index);
    }
    if (sibling.open === null) {
      const client = await openClient(endpoint, {
        role,
        signal: this.#signal,
        looksOnly: true,
        commandTimeoutMs: ANSWERS_MS,
        answerBytes: DUMP_ANSWER_BYTES,
        stringNumbers: true,
      });
      try {
        const { redisVersion } = serverFacts(parseInfo(await client.info("server")));
        sibling.open = { client, release: releaseOf(redisVersion), address };
      } catch (error) {
        dropClient(client);
        throw error;
      }
    }
    return sibling.open;
  }

  /** What came over this connection is not to be trusted any more. */
  drop(index: number): void {
    const sibling = this.#siblings[index];
    if (sibling == null || sibling.open === null) return;
    dropClient(sibling.open.client);
    sibling.open = null;
  }

  close(): void {
    for (const index of this.indices) this.drop(index);
  }
}
