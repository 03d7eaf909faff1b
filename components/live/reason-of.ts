import type { PlainReason } from "@/server/errors/tributary-error";

export type ShownReason = Pick<PlainReason, "message" | "remedy"> & { code?: string };

/** What a failed call said: the catalogue's sentence and remedy, or a plain word on a server that is not there. */
export function reasonOf(error: unknown): ShownReason {
  const data = (error as { data?: { reason?: ShownReason } | null } | null)?.data;
  if (data?.reason !== undefined && data.reason !== null) return data.reason;
  const message = error instanceof Error ? error.message : String(error);
  if (/fetch|network|JSON|Unexpected token/i.test(message)) {
    return {
      message: "Tributary did not answer.",
      remedy: "Check that it runs, then try again. Nothing you entered is lost.",
    };
  }
  return { message, remedy: "Try again. If it keeps failing, see Tributary's log." };
}
