import { pause } from "../retry/pause.ts";
import type { StreamSession } from "./stream-session.ts";

const LOOK_MS = 20;
/** What is on its way when a cutover has settled is waited for at least this long, ms. */
const RECEIVE_MS = 5000;

export type StreamEnding = {
  /** All that the source has written is to be applied, and every key to be as it is there. */
  readonly cutover: boolean;
  /** What is not put right by then stays as it is; ms since the epoch. */
  readonly until: number;
  /** Waits, at most until a time, until all that the source has written has been received. @returns what is missing. */
  readonly receivedAll: (until: number) => Promise<string | null>;
  /** Waits, at most until a time, until no other shard of the task has anything to note for this one. */
  readonly siblingsSettled: (until: number) => Promise<void>;
  readonly now: () => number;
  readonly signal: AbortSignal;
};

/**
 * Lets doubtful keys be put right, then has the applier end with what was received.
 * @param gone the stream has ended otherwise.
 * @returns what had not been received at a cutover, for the user; null otherwise.
 */
export async function drainStream(
  stream: StreamSession,
  gone: () => boolean,
  ending: StreamEnding,
): Promise<string | null> {
  const { cutover, until, receivedAll, siblingsSettled, now, signal } = ending;
  if (cutover) {
    await receivedAll(until);
    stream.finish();
  }
  const received = stream.receivedOffset;
  const settled = async () => {
    while (!gone() && !stream.settled(received) && now() < until && !signal.aborted)
      await pause(LOOK_MS, signal);
  };
  await settled();
  if (!gone()) await siblingsSettled(until);
  stream.countAgain();
  await settled();
  // What the source was made to delete is on its way.
  const missing = cutover ? await receivedAll(Math.max(until, now() + RECEIVE_MS)) : null;
  stream.applier.stop();
  return gone() ? null : missing;
}
