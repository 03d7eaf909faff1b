import type { ShownReason } from "@/components/live/reason-of";

/** Signs this browser in. Returns why not, or null where it did. */
export function signIn(email: string, password: string): Promise<ShownReason | null> {
  return send("/api/auth/login", { email, password });
}

/** Opens the status page to this browser by the page's password. Returns why not, or null where it did. */
export function unlockStatus(password: string): Promise<ShownReason | null> {
  return send("/api/auth/status", { password });
}

async function send(route: string, input: object): Promise<ShownReason | null> {
  try {
    const answer = await fetch(route, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(input),
    });
    if (answer.ok) return null;
    const body = (await answer.json()) as { error: { data: { reason: ShownReason } } };
    return body.error.data.reason;
  } catch {
    return { message: "Tributary did not answer.", remedy: "Check that it runs, then try again." };
  }
}
