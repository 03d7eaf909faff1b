import {
  CircleDashed,
  CirclePause,
  DatabaseZap,
  Flag,
  Hand,
  ListChecks,
  type LucideIcon,
  OctagonX,
  Plug,
  RotateCw,
  Waves,
} from "lucide-react";
import type { ShardStatus } from "@/server/sync/report/shard-report";

export type Tone = "good" | "busy" | "warn" | "bad" | "idle";

export type StatusWords = { word: string; tone: Tone; icon: LucideIcon; meaning: string };

/** How each status is called, drawn and explained; color never stands alone. */
export const statusWords: Record<ShardStatus, StatusWords> = {
  pending: { word: "Not started", tone: "idle", icon: CircleDashed, meaning: "Has not been started yet." },
  prechecking: { word: "Checking", tone: "busy", icon: ListChecks, meaning: "Both ends are being checked." },
  connecting: {
    word: "Connecting",
    tone: "busy",
    icon: Plug,
    meaning: "The replication link is being set up.",
  },
  "initial-sync": {
    word: "Initial sync",
    tone: "busy",
    icon: DatabaseZap,
    meaning: "The shard's snapshot is being copied.",
  },
  synchronizing: {
    word: "Synchronizing",
    tone: "good",
    icon: Waves,
    meaning: "Every write on the source is applied as it arrives.",
  },
  retrying: {
    word: "Retrying",
    tone: "warn",
    icon: RotateCw,
    meaning: "Something failed. Tributary retries automatically; nothing is lost.",
  },
  held: {
    word: "Needs a decision",
    tone: "warn",
    icon: Hand,
    meaning: "It waits for your decision before it removes keys that the shard no longer has.",
  },
  paused: {
    word: "Paused",
    tone: "idle",
    icon: CirclePause,
    meaning: "Stopped on request. It resumes from its checkpoint.",
  },
  failed: {
    word: "Failed",
    tone: "bad",
    icon: OctagonX,
    meaning: "It stopped and cannot continue without your help.",
  },
  finished: {
    word: "Finished",
    tone: "idle",
    icon: Flag,
    meaning: "Cut over. Nothing writes to the destination any more.",
  },
};

export const toneText: Record<Tone, string> = {
  good: "text-good",
  busy: "text-busy",
  warn: "text-warn",
  bad: "text-bad",
  idle: "text-idle",
};

export const toneSoft: Record<Tone, string> = {
  good: "bg-good-soft text-good",
  busy: "bg-busy-soft text-busy",
  warn: "bg-warn-soft text-warn",
  bad: "bg-bad-soft text-bad",
  idle: "bg-idle-soft text-idle",
};
