"use client";

import { useEffect } from "react";
import { useLost } from "@/components/live/use-lost";

/** Keeps the tab's title in step with what the page shows, and says when the server cannot be heard. */
export function DocumentTitle({ title }: { title: string }) {
  const lost = useLost() !== null;
  useEffect(() => {
    document.title = lost ? `No answer · ${title}` : title;
  }, [title, lost]);
  return null;
}
