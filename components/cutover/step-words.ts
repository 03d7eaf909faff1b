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
  readonly title: string;
  readonly text: string;
  /** The one primary action. */
  readonly action: string;
  /** What going back, or leaving, does. */
  readonly back: string;
};

/** In the order in which they are gone through. */
export const stepWords: readonly StepWords[] = [
  {
    step: "gates",
    name: "Gates",
    icon: ListChecks,
    title: "Is everything ready?",
    text: "The application goes on as it is. Nothing changes until the gates are open and you go on.",
    action: "Go on: stop the writes",
    back: "Nothing has changed yet. Leave the cutover, and the task goes on synchronizing.",
  },
  {
    step: "stop-writes",
    name: "Stop writes",
    icon: PencilOff,
    title: "Stop whatever writes to the shards",
    text: "From here on the application is down for writes. Tributary counts what still comes in each shard's stream, without its own heartbeat, PING, and keys that expire.",
    action: "Go on: drain",
    back: "Start the writers again, then go back. The task goes on synchronizing; nothing is lost.",
  },
  {
    step: "drain",
    name: "Drain",
    icon: Droplets,
    title: "The rest of the stream is applied",
    text: "The destination has all that a shard has written once the applied offset equals the shard's own. It has to stay so for a moment.",
    action: "Go on: verify",
    back: "Start the writers again, then go back. The task goes on synchronizing; nothing is lost.",
  },
  {
    step: "verify",
    name: "Verify",
    icon: ShieldCheck,
    title: "Is it all there?",
    text: "A last verification, while nobody writes. It begins by itself.",
    action: "Go on: switch",
    back: "Start the writers again, then go back. The task goes on synchronizing; nothing is lost.",
  },
  {
    step: "switch",
    name: "Switch",
    icon: ArrowLeftRight,
    title: "Point the application at the destination",
    text: "Nothing of Tributary writes to the destination any more. Switch the application, look whether it works, and finish.",
    action: "The application is switched: finish…",
    back: "Put the former nutcracker.yml back first, and then go back here: the shards count again, and Tributary goes on at its checkpoints. What the application has written to the destination meanwhile exists there only, and what the shards say about the same keys is applied over it.",
  },
  {
    step: "finish",
    name: "Finish",
    icon: Flag,
    title: "The task is finished",
    text: "Nothing writes to the destination any more but your applications. Tributary's keys are gone from it.",
    action: "",
    back: "There is no way back from here by Tributary. The shards still hold what they held at the switch.",
  },
];

/** The step that is shown for a state. */
export function shownStep(step: CutoverStep | undefined): ShownStep {
  if (step === undefined || step === "left") return "gates";
  if (step === "settle") return "switch";
  return step === "finished" ? "finish" : step;
}
