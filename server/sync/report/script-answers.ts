/** An answer that a script gave, and how often. */
export type ScriptAnswer = {
  /** What it returned, or its error: at most 128 bytes; "" where it returned nothing to read. */
  readonly text: string;
  readonly failed: boolean;
  readonly count: number;
};

/** Answers of one script that are told apart by their text; those of a counter, say, all differ. */
export const MAX_ANSWERS = 8;

/**
 * Adds one list of answers to another. Those that do not fit any more are the rest of the script's runs: its counts
 * of runs and failures hold every one.
 */
export function mergeAnswers(
  known: readonly ScriptAnswer[],
  more: readonly ScriptAnswer[],
): readonly ScriptAnswer[] {
  const merged = [...known];
  for (const answer of more) {
    const index = merged.findIndex(({ text, failed }) => text === answer.text && failed === answer.failed);
    if (index >= 0) merged[index] = { ...answer, count: merged[index]!.count + answer.count };
    else if (merged.length < MAX_ANSWERS) merged.push(answer);
  }
  return merged;
}
