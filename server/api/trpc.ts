import { initTRPC, TRPCError } from "@trpc/server";
import { ZodError } from "zod";
import { type CheckResult, PrecheckError } from "../control/checks/precheck-verdict.ts";
import { UnconfirmedError } from "../control/checks/start-confirmation.ts";
import type { Control } from "../control/control.ts";
import { type PlainReason, reasonOf, TributaryError } from "../errors/tributary-error.ts";
import type { Guest } from "../people/guest.ts";
import { type Identity, nameOf } from "../people/identity.ts";
import type { People } from "../people/people.ts";
import { type Asker, procedures, refusalOf } from "./access.ts";
import { fieldsOf, keptInput, subjectOf } from "./audited.ts";
import type { LiveLimits, LiveSocket } from "./live-limits.ts";
import { sightOf } from "./masking/masked-answers.ts";
import { maskedReason } from "./masking/masked-text.ts";
import type { SystemInfo } from "./system-info.ts";

/** What the API works with; `open` makes of it the context of one request or WebSocket. */
export type ApiServices = {
  readonly control: Control;
  readonly people: People;
  readonly systemInfo: () => Promise<SystemInfo>;
};

export type ApiContext = ApiServices & {
  /** Who asks; null where nobody is signed in. */
  readonly identity: Identity | null;
  /** What somebody may look at without an account; null for who has one, or may look at nothing. */
  readonly guest: Guest | null;
  /** The address of the caller. */
  readonly from: string | null;
  readonly live: LiveLimits;
  /** null for calls over HTTP, and by the pages as they are rendered. */
  readonly socket: LiveSocket | null;
};

const trpc = initTRPC.context<ApiContext>().create({
  isDev: false,
  errorFormatter: ({ shape, error, ctx }) => {
    const sight = ctx === undefined ? null : sightOf(ctx, ctx);
    const plain = reasonFor(error);
    const reason = plain === null || sight === null ? plain : sight.hosts(maskedReason(plain, sight.masking));
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

/** What becomes of a TributaryError: an answer with a fitting HTTP status. */
const answered = trpc.middleware(async ({ ctx, type, next }) => {
  // Each call over HTTP is one request, of one body, with a time limit; a socket has none of these.
  if (ctx.socket !== null && type !== "subscription") {
    throw new TRPCError({ code: "METHOD_NOT_SUPPORTED", message: "Queries and mutations go over HTTP" });
  }
  const result = await next();
  const cause = result.ok ? undefined : result.error.cause;
  if (cause instanceof TributaryError) throw toTrpcError(cause);
  return result;
});

/** Lets through whom server/api/access.ts lets, and nobody where it says nothing. */
const allowed = trpc.middleware(async ({ ctx, path, getRawInput, next }) => {
  const asker = present(ctx);
  const { identity } = asker;
  const access = procedures[path];
  const input = access?.stricter === undefined ? undefined : await getRawInput();
  const refusal = refusalOf(access, asker, input);
  if (refusal === "ROLE_TOO_LOW") {
    const needed = access?.stricter?.(input) ?? access?.needs ?? "nobody has";
    throw new TributaryError(refusal, { needed, role: identity?.role });
  }
  if (refusal !== null) throw new TributaryError(refusal);
  return next();
});

/** Who asks, as they are now: a socket lives longer than the request that opened it. */
function present({ socket, people, identity, guest }: ApiContext): Asker {
  if (socket === null) return { identity, guest };
  return {
    identity: identity !== null && people.isStill(identity) ? identity : null,
    guest: guest !== null && people.isStillGuest(guest) ? guest : null,
  };
}

/**
 * Writes down every mutation, refused ones included, and says who makes it: what a client gives as its name counts only
 * where nobody signs in. Of people who have not signed in only what succeeds is kept, since anybody could fill the audit.
 */
const audited = trpc.middleware(async ({ ctx, type, path, getRawInput, next }) => {
  if (type !== "mutation") return next();
  const given = await getRawInput();
  const name = nameOf(ctx.identity);
  const input = name === null ? given : named(given, name);
  const pass = () => next({ getRawInput: async () => input });
  if (procedures[path]?.reads) return pass();
  const before = subjectOf(ctx, path, input);
  const begin = (newcomer: string | null = null) => {
    const { by, reason } = fieldsOf(input);
    return ctx.people.audit.begin({
      identity: ctx.identity,
      name: typeof by === "string" && by.trim() !== "" ? by.trim() : newcomer,
      from: ctx.from,
      action: path,
      taskId: before.taskId,
      subject: before.name,
      reason: typeof reason === "string" && reason.trim() !== "" ? reason.trim().slice(0, 400) : null,
      input: keptInput(input),
      before: before.state,
    });
  };
  const end = ctx.identity === null ? null : begin();
  const result = await pass();
  if (!result.ok && end === null) return result;
  const outcome = result.ok ? "done" : codeOf(result.error);
  // What was made has its id in the answer alone.
  const made = result.ok && before.name === null ? subjectOf(ctx, path, result.data) : before;
  const after = result.ok && before.name !== null ? subjectOf(ctx, path, input) : made;
  (end ?? begin(made.name))({ outcome, after: after.state, taskId: made.taskId, subject: made.name });
  return result;
});

/** Leaves out of every answer what the caller may not see, also of each that a subscription goes on to give. */
const masked = trpc.middleware(async ({ ctx, path, getRawInput, next }) => {
  const sight = sightOf(ctx, ctx);
  const result = await (sight === null
    ? next()
    : next({ getRawInput: async () => sight.asked(await getRawInput()) }));
  if (!result.ok) return result;
  const { data } = result;
  if (isStream(data)) return { ...result, data: eachOf(data, (answer) => seen(ctx, path, answer)) };
  return { ...result, data: seen(ctx, path, data) };
});

/** Asked anew each time: an administrator may have decided otherwise meanwhile. */
function seen(ctx: ApiContext, path: string, answer: unknown): unknown {
  const sight = sightOf(ctx, ctx);
  return sight === null ? answer : sight.of(path, answer);
}

function isStream(data: unknown): data is AsyncIterable<unknown> {
  return typeof data === "object" && data !== null && Symbol.asyncIterator in data;
}

async function* eachOf<One>(stream: AsyncIterable<One>, view: (one: One) => unknown) {
  for await (const one of stream) yield view(one);
}

/** Every procedure is made of it. */
export const procedure = trpc.procedure.use(answered).use(audited).use(allowed).use(masked);

function named(input: unknown, by: string): unknown {
  if (typeof input !== "object" || input === null) return input;
  const { confirmation } = fieldsOf(input);
  const isAnswer = typeof confirmation === "object" && confirmation !== null;
  return { ...input, by, ...(isAnswer ? { confirmation: { ...confirmation, by } } : {}) };
}

function codeOf({ cause, code }: TRPCError): string {
  return cause instanceof TributaryError ? cause.code : code;
}

const unknown: ReadonlySet<TributaryError["code"]> = new Set<TributaryError["code"]>([
  "TASK_UNKNOWN",
  "SHARD_UNKNOWN",
  "VERIFICATION_UNKNOWN",
  "FINDING_UNKNOWN",
  "PERSON_UNKNOWN",
  "TOKEN_UNKNOWN",
  "SHARE_LINK_UNKNOWN",
  "SHARE_LINK_ENDED",
]);

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
  "CUTOVER_UNDER_WAY",
  "CUTOVER_MOVED",
  "CUTOVER_NOT_READY",
  "SETUP_DONE",
  "EMAIL_TAKEN",
  "LAST_ADMIN",
  "INVITATION_INVALID",
  "AUTH_OFF",
]);

export function toTrpcError(cause: TributaryError): TRPCError {
  const { code, message } = cause;
  if (unknown.has(code)) return new TRPCError({ code: "NOT_FOUND", message, cause });
  if (code === "LOGIN_REQUIRED") return new TRPCError({ code: "UNAUTHORIZED", message, cause });
  if (code === "ROLE_TOO_LOW" || code === "SESSION_REQUIRED" || code === "KEYS_HIDDEN") {
    return new TRPCError({ code: "FORBIDDEN", message, cause });
  }
  if (conflicts.has(code)) {
    return new TRPCError({ code: "CONFLICT", message, cause });
  }
  if (code === "TOO_MANY_REQUESTS" || code === "TOO_MANY_LOGINS")
    return new TRPCError({ code: "TOO_MANY_REQUESTS", message, cause });
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
