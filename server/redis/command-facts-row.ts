/**
 * What a command does with a key:
 * - read: its effect depends on the value, which stays;
 * - write: the key holds something new afterwards, whatever it held;
 * - create: so, and it was not there: the command is propagated only then;
 * - update: what it holds afterwards depends on what it held;
 * - renew: only its expiry changes, where it is there;
 * - take: its value has gone elsewhere, or was looked at, and the key is gone;
 * - delete: the key is gone, whatever it held;
 * - any: nobody knows.
 */
export type KeyRole = "read" | "write" | "create" | "update" | "renew" | "take" | "delete" | "any";

/**
 * Why the destination's answer to a command is watched:
 * - renewal: it says whether the key was there;
 * - moved: it says whether there was something to move, to rename or to copy;
 * - fields: it says so for each field of a hash;
 * - sources: it does not say whether the keys it reads were there, so they are asked for before;
 * - restored: it says whether the value could be restored;
 * - script: it is what the script returned;
 * - library: it says whether a function library could be loaded.
 */
export type WatchKind =
  | "none"
  | "renewal"
  | "moved"
  | "fields"
  | "sources"
  | "restored"
  | "script"
  | "library";

/** How an expiry is meant: `unit` in ms; relative to when the command runs, or since the epoch. */
export type ExpiryUnit = { readonly unit: 1 | 1000; readonly relative: boolean };

/** Where a command says its key's expiry: in one argument, or behind one of `EXPIRY_OPTIONS`. */
export type ExpiryPlace =
  | (ExpiryUnit & {
      readonly at: number;
      /** With this option it is since the epoch. */
      readonly absoluteBy?: string;
    })
  | { readonly optionsFrom: number };

/** What is known of a command, beside what command-table.ts knows: one row of command-facts-data.ts. */
export type CommandFacts = {
  /** The first version of Redis with it; null where Redis has none. */
  readonly since: string | null;
  /** The first version of Valkey, where that is not simply the first of Valkey (7.2). */
  readonly sinceValkey?: string;
  /** What it does with its keys, by key spec; the last one holds for all further ones. */
  readonly keys: readonly KeyRole[];
  /** Keys that it touches, or may touch, without naming them. */
  readonly unnamed?: "any";
  readonly watch?: Exclude<WatchKind, "none">;
  /** It says all that its keys are afterwards: what was there before, or was gone, is nothing to it. */
  readonly blind?: true | "without KEEPTTL";
  /** It has, or may have, a condition: an empty answer says that the condition did not hold and nothing was done. */
  readonly conditional?: true;
  /** It gives a key's expiry to another key. */
  readonly carriesExpiry?: true;
  /** Where its one value stands. Arguments behind that are options. */
  readonly value?: number;
  /** Of its key; MSETEX says one for all behind its pairs. */
  readonly expiry?: ExpiryPlace;
  /** Some destination needs it in another form: server/sync/commands/command-downgrade.ts has that. */
  readonly otherForm?: true;
};
