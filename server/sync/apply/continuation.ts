import { type PlainReason, TributaryError } from "../../errors/tributary-error.ts";
import { formatAddress } from "../../redis/endpoint.ts";
import type { StreamPosition } from "../../replica/psync-handshake.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import type { CheckpointState } from "../checkpoint/checkpoint-state.ts";
import type { Generation } from "../generation/generation.ts";
import type { ShardSyncSpec } from "../spec/shard-sync-spec.ts";
import type { ReportBuilder } from "../status/report-builder.ts";
import { holds } from "./open-stream.ts";

/** What has to be received from the source: the stream from a position on, or with null everything. */
export type Wanted = { readonly resume: StreamPosition | null; readonly why: string };

export type ContinuationContext = {
  readonly spec: ShardSyncSpec;
  readonly role: string;
  readonly report: ReportBuilder;
};

/** How a shard goes on at a destination that was written to before. */
export type Continuation =
  | { readonly kind: "from"; readonly checkpoint: Checkpoint }
  | { readonly kind: "receive"; readonly wanted: Wanted }
  | { readonly kind: "stop"; readonly reason: PlainReason };

/** Where a shard sync begins, by what the destination says of the shard when it is started. */
export function beginning(state: CheckpointState, context: ContinuationContext): Continuation {
  switch (state.kind) {
    case "at":
      return { kind: "receive", wanted: { resume: state, why: "" } };
    case "begun":
      return { kind: "receive", wanted: { resume: null, why: "the initial sync before was not finished" } };
    case "lost":
      return afterLoss(context, !context.spec.expectCheckpoint);
    case "new":
      if (context.spec.expectCheckpoint) return afterLoss(context);
      return { kind: "receive", wanted: { resume: null, why: "first start" } };
  }
}

/** Where to go on with what has been received, if that holds it; says what the destination has lost. */
export function continuation(
  state: CheckpointState,
  generation: Generation,
  context: ContinuationContext,
): Continuation {
  if (state.kind === "new" || state.kind === "lost") return afterLoss(context);
  if (state.kind === "at" && holds(generation, state)) return { kind: "from", checkpoint: state };
  const [resume, why] =
    state.kind === "at"
      ? [state, `the destination went back to offset ${state.offset}, which is no longer in the spool`]
      : [null, "the destination went back to where the initial sync was not finished"];
  context.report.event({ level: "warning", type: "destination-went-back", message: why });
  return { kind: "receive", wanted: { resume, why } };
}

/** @param accepted the user has started it knowing that: a start that expects no checkpoint begins as a first one. */
function afterLoss({ spec, role, report }: ContinuationContext, accepted = false): Continuation {
  const lost = new TributaryError("DESTINATION_DATA_LOST", {
    address: formatAddress(spec.destination),
    role,
  });
  report.event({ level: "alert", type: "destination-data-lost", message: lost.message });
  if (spec.onDestinationDataLost === "stop" && !accepted) {
    return { kind: "stop", reason: { ...lost.toPlain(), retried: false } };
  }
  const why = "the destination has lost the shard's checkpoint";
  return { kind: "receive", wanted: { resume: null, why } };
}

/**
 * What was received cannot be applied, now or later: it has to be received again. null for all other errors.
 * @param checkpoint the destination's, as it was written last.
 */
export function wantedAfter(error: unknown, checkpoint: Checkpoint | null): Wanted | null {
  if (!(error instanceof TributaryError)) return null;
  const why = error.message.replace(/\.$/, "");
  switch (error.code) {
    case "RDB_CORRUPT":
    case "DESTINATION_MISSED":
      return { resume: null, why };
    case "SPOOL_FAILED":
    case "SOURCE_PROTOCOL":
      return { resume: checkpoint, why };
    default:
      return null;
  }
}

/** Whether a transaction was applied without one of its commands: its checkpoint is not to be gone on from. */
export function isMissed(error: unknown): boolean {
  return error instanceof TributaryError && error.code === "DESTINATION_MISSED";
}

/** A warning about an engine that cannot disconnect others; `guarded` where its transactions are guarded instead. */
export function unfencedWarning(why: string, guarded: boolean): string {
  const instead = guarded
    ? "until then each transaction checks that no other engine has taken over, and only an initial sync may be written into for a moment"
    : "so that never two engines write";
  return `Former connections to the destination cannot be closed (${why}): grant CLIENT LIST and CLIENT KILL, ${instead}.`;
}
