import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Asker } from "./access.ts";

export type PageVisit = Asker & { readonly from: string | null };

const header = "x-tributary-visit";

/**
 * Carries who asks for a page to the calls that the page makes while it is rendered. Next hands a request's headers on
 * and nothing else: each visit has a random name there, good for as long as its answer takes. What a client sends under
 * the header's name is overwritten, and a name that is none belongs to nobody.
 */
export class PageVisits {
  readonly #open = new Map<string, PageVisit>();

  enter(request: IncomingMessage, response: ServerResponse, visit: PageVisit): void {
    const name = randomBytes(16).toString("base64url");
    request.headers[header] = name;
    this.#open.set(name, visit);
    response.once("close", () => this.#open.delete(name));
  }

  of(name: string | null): PageVisit {
    return this.#open.get(name ?? "") ?? { identity: null, guest: null, from: null };
  }
}
