import { createTRPCClient, httpLink } from "@trpc/client";
import type { AppRouter } from "../../server/api/router.ts";

export type ApiClient = ReturnType<typeof createTRPCClient<AppRouter>>;

/** Tributary's API as its pages use it. @param url without a path, e.g. http://127.0.0.1:3000 */
export function apiClient(url: string): ApiClient {
  return createTRPCClient<AppRouter>({ links: [httpLink({ url: `${url}/api/trpc` })] });
}
