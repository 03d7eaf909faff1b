import { CircleCheck, CircleHelp, CircleSlash, CircleX, type LucideIcon } from "lucide-react";
import type { Tone } from "@/components/status/status-words";
import type { VerificationOutcome } from "@/server/control/verification/verification-store";

/** How each outcome is called and drawn. */
export const verdictLooks: Record<
  VerificationOutcome,
  { readonly icon: LucideIcon; readonly word: string; readonly tone: Tone; readonly says: string }
> = {
  equal: {
    icon: CircleCheck,
    word: "Equal",
    tone: "good",
    says: "The destination holds what it should.",
  },
  different: {
    icon: CircleX,
    word: "Different",
    tone: "bad",
    says: "The destination differs from the shards.",
  },
  unknown: {
    icon: CircleHelp,
    word: "Could not tell",
    tone: "warn",
    says: "No difference is known, but not every key could be checked.",
  },
  failed: { icon: CircleX, word: "Failed", tone: "bad", says: "The verification failed." },
  canceled: { icon: CircleSlash, word: "Canceled", tone: "idle", says: "The verification was canceled." },
};
