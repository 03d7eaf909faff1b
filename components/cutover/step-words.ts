import {
  ArrowLeftRight,
  Droplets,
  Flag,
  ListChecks,
  type LucideIcon,
  PencilOff,
  ShieldCheck,
} from "lucide-react";
import type { CutoverStep } from "@/server/control/tasks/cutover-state";

/** The steps that are shown; the way to rest is a part of the switch. */
export type ShownStep = "gates" | "stop-writes" | "drain" | "verify" | "switch" | "finish";

export type StepWords = {
  readonly step: ShownStep;
  readonly name: string;
  readonly icon: LucideIcon;
  /** What the step does, in a sentence for whoever has not begun. */
  readonly ahead: string;
  readonly title: string;
  readonly text: string;
  /** The one primary action. */
  readonly action: string;
  /** What going back, or leaving, does. */
  readonly back: string;
};

const whileSynchronizing =
  "Start the writers again, then go back. The task keeps synchronizing; nothing is lost.";
/** Before the switch, nothing but the shards has been written to. */
export const backWhileSettling = whileSynchronizing;

/** In the order in which they are gone through. */
export const stepWords: readonly StepWords[] = [
  {
    step: "gates",
    name: "Gates",
    icon: ListChecks,
    ahead: "Tributary checks that every shard is in sync and that a verification found no difference.",
    title: "Is everything ready?",
    text: "Nothing has changed for the application yet. Its writes stop in the next step.",
    action: "Continue: stop the writes",
    back: "Nothing has changed yet. Leave the cutover, and the task keeps synchronizing.",
  },
  {
    step: "stop-writes",
    name: "Stop writes",
    icon: PencilOff,
    ahead: "You stop the application's writes. Tributary shows what still arrives, and from whom.",
    title: "Stop everything that writes to the shards",
    text: "From here on the application cannot write. Tributary counts the writes that still arrive in each shard's stream, without its own heartbeat, PINGs and expired keys.",
    action: "Continue: drain",
    back: whileSynchronizing,
  },
  {
    step: "drain",
    name: "Drain",
    icon: Droplets,
    ahead: "Tributary applies the last writes, up to each shard's own offset.",
    title: "Wait for the last writes",
    text: "The destination has every write of a shard once the applied offset equals the shard's own offset. It has to stay equal for a moment.",
    action: "Continue: verify",
    back: whileSynchronizing,
  },
  {
    step: "verify",
    name: "Verify",
    icon: ShieldCheck,
    ahead: "Tributary compares the destination with the shards one last time.",
    title: "Is it all there?",
    text: "One last verification while nobody writes. It starts by itself.",
    action: "Continue: switch",
    back: whileSynchronizing,
  },
  {
    step: "switch",
    name: "Switch",
    icon: ArrowLeftRight,
    ahead: "You point the application at the destination, with a ready nutcracker.yml or the plain address.",
    title: "Point the application at the destination",
    text: "Tributary no longer writes to the destination. Switch the application over, check that it works, then finish.",
    action: "The application works there: finish…",
    back: "First put the former nutcracker.yml back, then go back here. Tributary resumes from its checkpoints. Whatever the application wrote to the destination in the meantime exists only there, and later writes of the shards to the same keys replace it.",
  },
  {
    step: "finish",
    name: "Finish",
    icon: Flag,
    ahead: "Tributary removes its own keys and never writes to the destination again.",
    title: "The migration is finished",
    text: "From now on only your applications write to the destination. Tributary has removed its own keys.",
    action: "",
    back: "none through Tributary. The shards still hold what they held at the switch.",
  },
];

/** The step that is shown for a state. */
export function shownStep(step: CutoverStep | undefined): ShownStep {
  if (step === undefined || step === "left") return "gates";
  if (step === "settle") return "switch";
  return step === "finished" ? "finish" : step;
}
