"use client";

import { useEffect } from "react";

/** Keeps the tab's title in step with what the page shows. */
export function DocumentTitle({ title }: { title: string }) {
  useEffect(() => {
    document.title = title;
  }, [title]);
  return null;
}
