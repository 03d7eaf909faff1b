import type { PlainReason } from "../../errors/tributary-error.ts";
import type { PaceLimits } from "../../verify/pace.ts";
import type { VerdictJson } from "../../verify/verdict-text.ts";
import type { VerifyProgress } from "../../verify/verification.ts";
import type { VerifySpec } from "../../verify/verify-spec.ts";

/** What a verification's thread is told. A prefix is given in base64: what crosses to a thread is plain data. */
export type VerifyCommand =
  | {
      readonly type: "run";
      readonly spec: Omit<VerifySpec, "range"> & { readonly range: PlainRange };
      readonly pace: PaceLimits;
      /** Differences that are kept. */
      readonly listed: number;
    }
  | { readonly type: "pace"; readonly pace: PaceLimits }
  | { readonly type: "pause" | "resume" | "cancel" };

export type PlainRange = {
  readonly sample: number;
  readonly prefix: string | null;
  readonly shard: number | null;
};

/** What it says. The last one is a verdict or a failure. */
export type VerifyMessage =
  | { readonly type: "progress"; readonly progress: VerifyProgress }
  | { readonly type: "verdict"; readonly verdict: VerdictJson }
  | { readonly type: "failed"; readonly reason: PlainReason; readonly canceled: boolean };
