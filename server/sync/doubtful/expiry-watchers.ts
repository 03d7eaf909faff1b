import { encodeCommand } from "../../redis/encode-command.ts";
import {
  type AnswerWatch,
  type AnswerWatchers,
  answerWatch,
  type WatchedCommand,
} from "../commands/answer-watch.ts";
import { knownKeys, knownKeysByRole } from "../commands/known-keys.ts";
import { otherDb } from "../commands/other-database.ts";
import { destinationDb } from "../spec/database-map.ts";
import type { DatabaseMap } from "../spec/shard-sync-spec.ts";
import type { DoubtfulKeys } from "./doubtful-keys.ts";

type DbKey = { readonly db: number; readonly key: Buffer };

/**
 * Finds, by the destination's answers, the keys that have expired there in the milliseconds by which even a live
 * stream is behind. A master propagates these commands only where they had an effect, so an answer that says
 * "there was nothing" says that the key was gone too early. While the stream is behind nothing is watched: the
 * keys are noted in any case.
 *
 * redis: expire.c expireGenericCommand, db.c renameGenericCommand, t_set.c smoveCommand, t_list.c
 * lmoveGenericCommand; the time stands still within a transaction: server.c call, cached_time of EXEC
 */
export function expiryWatchers(doubtful: DoubtfulKeys, databases: DatabaseMap): AnswerWatchers {
  const all = (keys: readonly DbKey[]) => {
    for (const { db, key } of keys) doubtful.doubt("copy", db, key);
  };
  const whenLive = (watcher: (command: WatchedCommand) => AnswerWatch | null) => (command: WatchedCommand) =>
    command.behind ? null : watcher(command);
  return {
    renewal: whenLive((command) => renewal(command, doubtful)),
    moved: whenLive((command) => {
      const keys = movedKeys(command, databases);
      return answerWatch({
        answered: ({ empty, error }) => {
          const gone = empty || /no such key/i.test(error ?? "");
          if (gone) all(keys);
          return gone;
        },
        unanswered: () => all(keys),
      });
    }),
    fields: whenLive((command) => {
      const keys = firstKey(command);
      return answerWatch({
        wantsText: true,
        answered: ({ empty, missing }) => {
          if (empty || missing > 0) all(keys);
          return false;
        },
        unanswered: () => all(keys),
      });
    }),
    sources: whenLive((command) => {
      asksForSources(command, all);
      return null;
    }),
  };
}

/**
 * The key is gone where the answer is 0. Where it is there, but had no expiry before, it is mostly new; or its
 * first part has expired, and what a command of the same moment has added is all that is left.
 */
function renewal(command: WatchedCommand, doubtful: DoubtfulKeys): AnswerWatch | null {
  const [first] = firstKey(command);
  if (first === undefined) return null;
  const { db, key } = first;
  if (command.name.name !== "PERSIST") {
    command.askFirst(
      encodeCommand(["PTTL", key]),
      answerWatch({
        wantsText: true,
        answered: ({ text }) => {
          if (text === "-1") doubtful.suspect(db, key);
          return false;
        },
      }),
    );
  }
  return answerWatch({
    answered: ({ empty }) => {
      if (empty) doubtful.doubt("copy", db, key);
      return false;
    },
    unanswered: () => void doubtful.doubt("copy", db, key),
  });
}

/**
 * The answer of these commands does not tell whether a source was gone, so that is asked for, in front of the
 * command and in its transaction.
 */
function asksForSources(command: WatchedCommand, all: (keys: readonly DbKey[]) => void): void {
  const { name, db, bytes, scanner } = command;
  const { reads, writes } = knownKeysByRole(name.name, bytes, scanner);
  if (reads.length === 0 || writes.length === 0) return;
  const stored = writes.map((key) => ({ db, key }));
  // Keys past the arguments that are noted cannot be asked for, nor those that SORT finds by patterns.
  if (scanner.argc > scanner.starts.length || scanner.seen < scanner.argc || name.name === "SORT") {
    all(stored);
    return;
  }
  const ask = answerWatch({
    answered: ({ empty }) => {
      if (empty) all(stored);
      return false;
    },
    unanswered: () => all(stored),
  });
  // One for each: EXISTS with several keys came only with 3.0.3.
  for (const key of reads) command.askFirst(encodeCommand(["EXISTS", key]), ask);
}

function firstKey({ db, bytes, scanner }: WatchedCommand): DbKey[] {
  if (scanner.seen < 2) return [];
  return [{ db, key: Buffer.from(bytes.subarray(scanner.starts[1]!, scanner.ends[1]!)) }];
}

/** All keys of a command with two, each in its database; MOVE and COPY may name another one. */
function movedKeys(command: WatchedCommand, databases: DatabaseMap): DbKey[] {
  const { name, db, bytes, scanner } = command;
  const keys = knownKeys(name.name, bytes, scanner).map((key) => ({ db, key }));
  const other = otherDb(name, bytes, scanner);
  if (other === null || destinationDb(databases, other) === null) return keys;
  const last = keys[keys.length - 1];
  if (last === undefined) return keys;
  return name.name === "MOVE" ? [last, { ...last, db: other }] : [keys[0]!, { ...last, db: other }];
}
