import type { IncomingMessage, ServerResponse } from "node:http";
import { TRPCError } from "@trpc/server";
import type { SharedTask } from "../control/views/shared-task.ts";
import type { StatusBoard } from "../control/views/status-board.ts";
import { TributaryError } from "../errors/tributary-error.ts";
import { statusUnlockInput } from "../input/sharing-input.ts";
import type { People } from "../people/people.ts";
import { statusCookie } from "./asker.ts";
import { readJson } from "./auth-routes.ts";
import type { Client } from "./client-address.ts";
import { appRouter } from "./router.ts";
import { badgeOf, badgeSvg } from "./status-badge.ts";
import { type ApiContext, createCallerFactory } from "./trpc.ts";

const callerOf = createCallerFactory(appRouter);

/**
 * The status page as JSON, or as a badge. It is asked of the procedure that pages ask, which decides who may look and
 * what is hidden.
 */
export async function sendStatus(ctx: ApiContext, form: "json" | "badge", response: ServerResponse) {
  const board = await answerOf(() => callerOf(ctx).status.get());
  send(response, form, board);
}

/** What a share link shows: `/api/share/<secret>` as JSON, `/api/share/<secret>/badge.svg` as a badge. */
export async function sendShared(ctx: ApiContext, path: string, response: ServerResponse): Promise<void> {
  const rest = /^\/api\/share\/[^/]+(\/badge\.svg)?$/.exec(path);
  if (rest === null) throw new TributaryError("ROUTE_UNKNOWN", { path: "/api/share" });
  const shared = await answerOf(() => callerOf(ctx).share.get());
  send(response, rest[1] === undefined ? "json" : "badge", shared);
}

/** Takes the status page's password, and answers with the cookie that opens it. */
export async function unlockStatus(
  people: People,
  client: Client,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const parsed = statusUnlockInput.safeParse(await readJson(request));
  if (!parsed.success) throw new TributaryError("STATUS_PASSWORD_WRONG");
  const { secret, forMs } = await people.unlockStatus(parsed.data.password, client.from);
  const cookie = [
    `${statusCookie}=${secret}`,
    "Path=/",
    "HttpOnly",
    "SameSite=Lax",
    `Max-Age=${Math.floor(forMs / 1000)}`,
    ...(client.secure ? ["Secure"] : []),
  ].join("; ");
  response.writeHead(200, { "content-type": "application/json", "set-cookie": cookie });
  response.end(JSON.stringify({ ok: true }));
}

function send(response: ServerResponse, form: "json" | "badge", shown: StatusBoard | SharedTask): void {
  if (form === "json") {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(shown));
    return;
  }
  // A badge is made to stand on other sites. It is sent to none of them with a cookie.
  response.writeHead(200, {
    "content-type": "image/svg+xml; charset=utf-8",
    "cross-origin-resource-policy": "cross-origin",
  });
  response.end(badgeSvg(badgeOf(shown)));
}

/** @throws TributaryError in the place of tRPC's. */
async function answerOf<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    throw error instanceof TRPCError && error.cause instanceof TributaryError ? error.cause : error;
  }
}
