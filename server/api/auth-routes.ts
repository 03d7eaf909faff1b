import type { IncomingMessage, ServerResponse } from "node:http";
import { TributaryError } from "../errors/tributary-error.ts";
import { signInInput } from "../input/people-input.ts";
import type { Credentials, People } from "../people/people.ts";
import type { Client } from "./client-address.ts";

/** Bytes of a login. */
const MOST_OF_BODY = 4 * 1024;

/** Answers with the session's cookie, and never with what stands in it: a page's scripts cannot read it. */
export async function signIn(
  people: People,
  client: Client,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (people.login === "off") throw new TributaryError("AUTH_OFF");
  const parsed = signInInput.safeParse(await readJson(request));
  if (!parsed.success)
    throw new TributaryError("INPUT_INVALID", {
      field: "The login",
      detail: "give an e-mail address and a password",
    });
  const cookies = await people.signIn(parsed.data, { ...client, userAgent: request.headers["user-agent"] });
  answer(response, cookies);
}

export async function signOut(people: People, from: Credentials, response: ServerResponse): Promise<void> {
  answer(response, await people.signOut(from));
}

function answer(response: ServerResponse, cookies: readonly string[]): void {
  response.writeHead(200, { "content-type": "application/json", "set-cookie": [...cookies] });
  response.end(JSON.stringify({ ok: true }));
}

/** The body of a request; null where it is no JSON. @throws TributaryError INPUT_INVALID */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > MOST_OF_BODY)
      throw new TributaryError("INPUT_INVALID", { field: "The login", detail: "it is too long" });
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString("utf8"));
  } catch {
    return null;
  }
}
