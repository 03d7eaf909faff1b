import { createTRPCClient, httpLink } from "@trpc/client";
import type { AppRouter } from "../../server/api/router.ts";

export type ApiClient = ReturnType<typeof createTRPCClient<AppRouter>>;

/**
 * Tributary's API as its pages use it, for somebody who signs in.
 * @param url without a path, e.g. http://127.0.0.1:3000
 */
export async function apiClient(url: string, login: { email: string; password: string }): Promise<ApiClient> {
  const answer = await fetch(`${url}/api/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(login),
  });
  if (!answer.ok) throw new Error(`Tributary refused the login as ${login.email}: ${await answer.text()}`);
  const cookie = answer.headers
    .getSetCookie()
    .map((one) => one.split(";")[0])
    .join("; ");
  return createTRPCClient<AppRouter>({ links: [httpLink({ url: `${url}/api/trpc`, headers: { cookie } })] });
}
