"use client";

import { useEffect } from "react";

/** Has the browser show a page of ours where it cannot reach the server: see public/away.js. */
export function AwayPage() {
  useEffect(() => {
    // The development server restarts at each change, and shows by itself that it does.
    if (process.env.NODE_ENV !== "production" || !("serviceWorker" in navigator)) return;
    // Without it the browser's own page says as much.
    navigator.serviceWorker.register("/away.js").catch(() => {});
  }, []);
  return null;
}
