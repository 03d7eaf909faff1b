import type { MergePolicy } from "../../merge/merge-policy.ts";
import type {
  DatabaseMap,
  DestinationDataLostPolicy,
  DestinationKeysPolicy,
  FlushPolicy,
  PublishPolicy,
  ShrinkPolicy,
} from "../../sync/spec/shard-sync-spec.ts";

/** What a user gives to create a task; passwords in plain, so it is never stored or logged as it is. */
export type TaskInput = {
  readonly name: string;
  readonly source:
    | {
        readonly kind: "nutcracker";
        /** The text of nutcracker.yml. */
        readonly text: string;
        readonly pool: string;
        /** By the server's name: further addresses of the shard, or its Sentinels, as one line. */
        readonly further?: Readonly<Record<string, string>> | undefined;
        /** host or host:port at which the running nutcracker gives its statistics; the checks read them. */
        readonly stats?: string | undefined;
      }
    | {
        readonly kind: "shards";
        readonly shards: readonly AddressInput[];
      };
  readonly destination: AddressInput;
  readonly databases?: DatabaseMap | undefined;
  /** owner-wins with the ring of a pool, else last-write, when not given. */
  readonly mergePolicy?: MergePolicy | undefined;
  /** must-be-empty when not given. */
  readonly destinationKeys?: DestinationKeysPolicy | undefined;
  /** hold, from 1,000 keys and 10 % on, when not given. */
  readonly shrink?: ShrinkPolicy | undefined;
  /** skip when not given; own-keys needs a ring. */
  readonly onFlush?: FlushPolicy | undefined;
  /** forward when not given. */
  readonly publish?: PublishPolicy | undefined;
  /** resync when not given. */
  readonly onDestinationDataLost?: DestinationDataLostPolicy | undefined;
};

export type AddressInput = {
  /** How messages call it; shards only. */
  readonly name?: string | undefined;
  /**
   * host:port, redis://… or rediss://…, with /db where a database is meant. For a shard also several separated by
   * commas, or redis+sentinel://host:port,host2:port/master.
   */
  readonly address: string;
  /** These two win over those in the address. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
};
