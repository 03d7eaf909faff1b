"use client";

import { useContext, useEffect } from "react";
import { LiveLinkContext } from "@/components/live/live-link";
import { useTRPCClient } from "@/components/live/trpc";
import { useMe } from "./me";

/**
 * A server that ends a session closes the page's line to it, which looks like a server that is away. So each time the
 * line closes or opens, and at first, since much may change while a page is on its way, this asks who is signed in: nobody
 * leads to the login, another role makes the page anew.
 */
export function SessionWatch() {
  const link = useContext(LiveLinkContext);
  const client = useTRPCClient();
  const { role } = useMe();

  useEffect(() => {
    if (link === null || role === null) return;
    let over = false;
    const look = async () => {
      // Whether the server answers is said elsewhere.
      const now = await client.account.me.query().catch(() => null);
      if (over || now === null || now.role === role) return;
      over = true;
      if (now.role !== null) return window.location.reload();
      const { pathname, search } = window.location;
      window.location.assign(`/login?next=${encodeURIComponent(pathname + search)}`);
    };
    const leave = link.subscribe(() => void look());
    void look();
    return () => {
      over = true;
      leave();
    };
  }, [link, client, role]);

  return null;
}
