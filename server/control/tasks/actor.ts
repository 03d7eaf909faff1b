/** Who asked for something. There is no login: it is the name that somebody gave, and where the call came from. */
export type Actor = {
  /** At most 80 characters; `unknownUser` where nobody gave one. */
  readonly by: string;
  /** The address of the caller; null for a call from within this process. */
  readonly from: string | null;
};

export const unknownUser = "unknown user";

export function actorOf(name: string | undefined, from: string | null): Actor {
  return { by: name?.trim() || unknownUser, from };
}

/** For the end of an event's sentence: "by Ann (10.0.0.7)". */
export function byWhom({ by, from }: Actor): string {
  return from === null ? `by ${by}` : `by ${by} (${from})`;
}
