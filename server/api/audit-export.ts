import type { IncomingMessage, ServerResponse } from "node:http";
import { TributaryError } from "../errors/tributary-error.ts";
import type { AuditEntry } from "../people/audit-log.ts";
import type { People } from "../people/people.ts";
import { auditFilter } from "./audit-router.ts";

const PAGE = 500;

/**
 * The audit as a file, newest first: `?format=csv` or `json` (one object a line), and the filter of the page. It is read
 * and sent in pieces, so that its length costs no memory.
 */
export async function exportAudit(
  people: People,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const query = Object.fromEntries(new URL(request.url ?? "/", "http://localhost").searchParams);
  const parsed = auditFilter.safeParse(query);
  const { format = "json" } = query;
  if (!parsed.success || (format !== "csv" && format !== "json"))
    throw new TributaryError("INPUT_INVALID", { field: "The query", detail: "it is no filter of the audit" });
  const write = format === "csv" ? csvLine : (entry: AuditEntry) => `${JSON.stringify(entry)}\n`;
  response.writeHead(200, {
    "content-type": format === "csv" ? "text/csv; charset=utf-8" : "application/x-ndjson",
    "content-disposition": `attachment; filename="tributary-audit.${format === "csv" ? "csv" : "ndjson"}"`,
  });
  if (format === "csv") response.write(`${columns.join(",")}\r\n`);
  for (let before: number | null = null; !response.destroyed; ) {
    const entries: AuditEntry[] = people.audit.page(parsed.data, before, PAGE);
    const ready = response.write(entries.map(write).join(""));
    const last = entries.at(-1);
    if (last === undefined || entries.length < PAGE) break;
    before = last.id;
    if (!ready) await drained(response);
  }
  response.end();
}

const columns = [
  ...["id", "at", "actorKind", "actorId", "actorName", "from", "action", "taskId"],
  ...["subject", "outcome", "reason", "input", "before", "after"],
] as const;

function csvLine(entry: AuditEntry): string {
  const cells = columns.map((column) => {
    const value = (entry as Record<string, unknown>)[column];
    if (value === null || value === undefined) return "";
    if (column === "at") return new Date(entry.at).toISOString();
    return cellOf(typeof value === "object" ? JSON.stringify(value) : String(value));
  });
  return `${cells.join(",")}\r\n`;
}

/** A cell that begins with one of these would be a formula to a spreadsheet. */
function cellOf(text: string): string {
  const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    response.once("drain", resolve);
    response.once("close", resolve);
  });
}
