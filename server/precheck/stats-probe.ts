import { type PlainReason, toReason } from "../errors/tributary-error.ts";
import { type NutcrackerStats, readNutcrackerStats } from "../twemproxy/stats.ts";
import type { StatsQuestion } from "./precheck-input.ts";
import { probeTimeoutMs } from "./server-probe.ts";

export type StatsAnswer = StatsQuestion &
  (
    | { readonly failure: PlainReason; readonly stats: null }
    | { readonly failure: null; readonly stats: NutcrackerStats }
  );

/** Reads the statistics once. What fails is in the answer; only an abort is thrown. */
export async function probeStats(
  question: StatsQuestion | null,
  signal: AbortSignal | undefined,
): Promise<StatsAnswer | null> {
  if (question === null) return null;
  try {
    const options = { timeoutMs: probeTimeoutMs, ...(signal === undefined ? {} : { signal }) };
    return { ...question, failure: null, stats: await readNutcrackerStats(question.address, options) };
  } catch (error) {
    signal?.throwIfAborted();
    return { ...question, failure: toReason(error), stats: null };
  }
}
