"use client";

import { ShieldOff } from "lucide-react";
import { useMe } from "./me";

/** Says on every page that nobody is asked to sign in. */
export function NoLoginBanner() {
  const { login } = useMe();
  if (login === "on") return null;
  return (
    <p className="border-b border-warn/30 bg-warn-soft px-4 py-1.5 text-center text-xs text-warn">
      <ShieldOff className="mr-1.5 inline size-3.5 align-[-2px]" aria-hidden />
      The login is off (TRIBUTARY_AUTH=off): anyone who can reach this port on this machine controls its
      tasks.
    </p>
  );
}
