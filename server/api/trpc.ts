import { initTRPC, TRPCError } from "@trpc/server";
import { ZodError } from "zod";
import { type CheckResult, PrecheckError } from "../control/checks/precheck-verdict.ts";
import { UnconfirmedError } from "../control/checks/start-confirmation.ts";
import type { Control } from "../control/control.ts";
import { type PlainReason, reasonOf, TributaryError } from "../errors/tributary-error.ts";
import type { LiveLimits, LiveSocket } from "./live-limits.ts";
import type { SystemInfo } from "./system-info.ts";

/** What the API works with; `open` makes of it the context of one request or WebSocket. */
export type ApiServices = { readonly control: Control; readonly systemInfo: () => Promise<SystemInfo> };

export type ApiContext = ApiServices & {
  /** The address of the caller; null for a call from within this process. */
  readonly from: string | null;
  readonly live: LiveLimits;
  /** null for calls over HTTP, and by the pages as they are rendered. */
  readonly socket: LiveSocket | null;
};

const trpc = initTRPC.context<ApiContext>().create({
  isDev: false,
  errorFormatter: ({ shape, error }) => {
    const reason = reasonFor(error);
    const checks: readonly CheckResult[] | null =
      error.cause instanceof PrecheckError ? error.cause.report.checks : null;
    const question = error.cause instanceof UnconfirmedError ? error.cause.question : null;
    const message = reason?.message ?? shape.message;
    const field = fieldOf(error.cause);
    return { ...shape, message, data: { ...shape.data, reason, checks, question, field } };
  },
});

export const router = trpc.router;
export const createCallerFactory = trpc.createCallerFactory;

/** A procedure whose TributaryError becomes an answer with a fitting HTTP status. */
export const procedure = trpc.procedure.use(async ({ ctx, type, next }) => {
  // Each call over HTTP is one request, of one body, with a time limit; a socket has none of these.
  if (ctx.socket !== null && type !== "subscription") {
    throw new TRPCError({ code: "METHOD_NOT_SUPPORTED", message: "Queries and mutations go over HTTP" });
  }
  const result = await next();
  const cause = result.ok ? undefined : result.error.cause;
  if (cause instanceof TributaryError) throw toTrpcError(cause);
  return result;
});

/** What was asked for is well formed, and does not fit what is there. */
const conflicts: ReadonlySet<TributaryError["code"]> = new Set<TributaryError["code"]>([
  "TASK_NOT_READY",
  "TASK_FINISHED",
  "TASK_NAME_TAKEN",
  "SHARD_NOT_READY",
  "START_UNCONFIRMED",
  "VERIFY_RUNNING",
  "REPAIR_RUNNING",
  "REPAIR_REFUSED",
]);

const unknown: ReadonlySet<TributaryError["code"]> = new Set<TributaryError["code"]>([
  "TASK_UNKNOWN",
  "SHARD_UNKNOWN",
  "VERIFICATION_UNKNOWN",
  "FINDING_UNKNOWN",
]);

export function toTrpcError(cause: TributaryError): TRPCError {
  const { code, message } = cause;
  if (unknown.has(code)) {
    return new TRPCError({ code: "NOT_FOUND", message, cause });
  }
  if (conflicts.has(code)) {
    return new TRPCError({ code: "CONFLICT", message, cause });
  }
  if (code === "TOO_MANY_REQUESTS") return new TRPCError({ code: "TOO_MANY_REQUESTS", message, cause });
  if (code === "DATABASE_UNWRITABLE") return new TRPCError({ code: "SERVICE_UNAVAILABLE", message, cause });
  if (code === "INTERNAL") return new TRPCError({ code: "INTERNAL_SERVER_ERROR", message, cause });
  return new TRPCError({ code: "BAD_REQUEST", message, cause });
}

/** What the user is told; null for what concerns the caller's program alone, such as an unknown procedure. */
function reasonFor(error: TRPCError): PlainReason | null {
  const { cause } = error;
  if (cause instanceof TributaryError) return cause.toPlain();
  if (cause instanceof ZodError) return invalidInput(cause);
  // The message of an unforeseen error may hold anything: it stays in the log.
  if (error.code === "INTERNAL_SERVER_ERROR") return reasonOf("INTERNAL", { detail: "see Tributary's log" });
  return null;
}

/** The path of the input's field that an error belongs to, e.g. `shards.0.password`; null where it is none of one. */
function fieldOf(cause: unknown): string | null {
  if (cause instanceof TributaryError)
    return typeof cause.details.path === "string" ? cause.details.path : null;
  if (!(cause instanceof ZodError)) return null;
  return (
    cause.issues[0]?.path
      .map(String)
      .join(".")
      .replace(/^source\./, "") || null
  );
}

function invalidInput(error: ZodError): PlainReason {
  const issue = error.issues[0];
  const path = issue?.path.map(String).join(".") ?? "";
  const detail = (issue?.message ?? "it is not valid").replace(/\.$/, "");
  return reasonOf("INPUT_INVALID", { field: path === "" ? "The input" : path, detail });
}
