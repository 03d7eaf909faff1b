import type { ShownReason } from "@/components/live/reason-of";

/** Signs this browser in. Returns why not, or null where it did. */
export async function signIn(email: string, password: string): Promise<ShownReason | null> {
  try {
    const answer = await fetch("/api/auth/login", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ email, password }),
    });
    if (answer.ok) return null;
    const body = (await answer.json()) as { error: { data: { reason: ShownReason } } };
    return body.error.data.reason;
  } catch {
    return { message: "Tributary did not answer.", remedy: "Check that it runs, then try again." };
  }
}
