import "server-only";
import { headers } from "next/headers";
import { notFound } from "next/navigation";
import type { CallerOf } from "@/server/api/caller";

/**
 * The running engine's API, called without HTTP while a page renders, as whoever asked for the page. server/main.ts puts
 * it there.
 */
export async function caller(): Promise<ReturnType<CallerOf>> {
  const found = (globalThis as Record<symbol, unknown>)[Symbol.for("tributary.caller")];
  if (found === undefined) {
    throw new Error("The pages run inside Tributary's own server: start it with npm run dev or npm start.");
  }
  return (found as CallerOf)((await headers()).get("x-tributary-visit"));
}

/** A part of the address as it was before it was encoded; what is no encoding is an address of nothing. */
export function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    notFound();
  }
}

/** A part of the address that is a whole number from 1 on; what is none is an address of nothing. */
export function wholeNumber(segment: string): number {
  if (!/^[1-9]\d{0,14}$/.test(segment)) notFound();
  return Number(segment);
}

/** The answer, or the not-found page when there is no such task or shard. */
export async function orNotFound<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const { code, cause } = error as { code?: string; cause?: { code?: string } };
    if (code === "NOT_FOUND" || cause?.code === "TASK_UNKNOWN" || cause?.code === "SHARD_UNKNOWN") notFound();
    throw error;
  }
}
