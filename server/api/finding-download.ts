import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import type { Control } from "../control/control.ts";
import { TributaryError } from "../errors/tributary-error.ts";
import type { Identity } from "../people/identity.ts";
import type { People } from "../people/people.ts";
import { type Sight, sightOf } from "./masking/masked-answers.ts";
import { maskedRun, maskedStored } from "./masking/masked-findings.ts";
import { findingsQuery } from "./verify-input-schema.ts";

/** What the path of a run's file begins with: /api/verifications/<task>/<run>.csv, or .json. */
const downloadsPath = "/api/verifications/";

/**
 * Sends the findings of a run as a file, narrowed by the query: differs, kind, shardId, db, text. They are read as they
 * are sent, however slowly that goes.
 * @throws TributaryError INPUT_INVALID, TASK_UNKNOWN, VERIFICATION_UNKNOWN
 */
export async function sendFindings(
  services: { readonly control: Control; readonly people: People },
  identity: Identity | null,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const sight = sightOf(services, { identity, guest: null });
  const file = fileOf(services.control, sight, new URL(request.url ?? "/", "http://localhost"));
  response.writeHead(200, {
    "content-type": file.type,
    "content-disposition": `attachment; filename="${file.name}"`,
  });
  // A browser that goes away ends it.
  await pipeline(Readable.from(file.pieces), response).catch(() => {});
}

const flag = z.enum(["true", "false"]).transform((text) => text === "true");
const { kind, shardId, text } = findingsQuery.shape;
const query = z.object({
  ...{ kind, shardId, text },
  differs: flag.nullable().default(null),
  db: z.coerce.number().pipe(findingsQuery.shape.db.unwrap().unwrap()).nullable().default(null),
});

/** @throws TributaryError INPUT_INVALID, TASK_UNKNOWN, VERIFICATION_UNKNOWN */
function fileOf(control: Control, sight: Sight | null, { pathname, searchParams }: URL) {
  const [, task, run, format] =
    /^([\w-]{1,64})\/(\d{1,15})\.(csv|json)$/.exec(pathname.slice(downloadsPath.length)) ?? [];
  if (task === undefined || run === undefined)
    throw invalid("The address", "it ends with the task, the run and .csv or .json");
  const given = Object.fromEntries(searchParams);
  const asked = query.safeParse(sight === null ? given : sight.asked(given));
  if (!asked.success) {
    const issue = asked.error.issues[0];
    throw invalid(issue?.path.map(String).join(".") || "The address", issue?.message ?? "it is not valid");
  }
  const wanted = { ...asked.data, page: 1 };
  return control.findingFile(task, Number(run), wanted, format === "json" ? "json" : "csv", {
    run: (one) => (sight === null ? one : sight.hosts(maskedRun(one, sight.masking))),
    finding: (one) => (sight === null ? one : sight.hosts(maskedStored(one, sight.masking))),
  });
}

function invalid(field: string, detail: string): TributaryError {
  return new TributaryError("INPUT_INVALID", { field, detail: detail.replace(/\.$/, "") });
}
