"use client";

import { useLinkState } from "./live-link";
import { useNow } from "./now";

/** Blips shorter than this are not worth a word. */
const patienceMs = 1500;

/** Since when the server has not been heard, in ms since the epoch; null while it is, or was a moment ago. */
export function useLost(): number | null {
  const link = useLinkState();
  const now = useNow();
  return !link.open && now - link.since >= patienceMs ? link.since : null;
}
