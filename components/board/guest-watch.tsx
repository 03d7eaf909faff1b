"use client";

import { useContext, useEffect } from "react";
import { LiveLinkContext } from "@/components/live/live-link";
import { shareSecret } from "@/components/live/share-secret";
import { useTRPCClient } from "@/components/live/trpc";
import { useMe } from "@/components/people/me";

/**
 * A server that takes back what a guest may see closes the page's line, which looks like a server that is away. So each
 * time the line closes or opens this asks whether the guest may still look; the page made anew says what has ended.
 */
export function GuestWatch() {
  const link = useContext(LiveLinkContext);
  const client = useTRPCClient();
  const { guest } = useMe();

  useEffect(() => {
    if (link === null || guest === null) return;
    let over = false;
    const isOver = async () => {
      if (guest === "visitor") return (await client.account.me.query()).guest !== guest;
      const { status } = await fetch(`/api/share/${shareSecret()}`, { method: "HEAD" });
      return status === 404;
    };
    const look = async () => {
      // Whether the server answers is said elsewhere.
      if (over || !(await isOver().catch(() => false)) || over) return;
      over = true;
      window.location.reload();
    };
    const leave = link.subscribe(() => void look());
    return () => {
      over = true;
      leave();
    };
  }, [link, client, guest]);

  return null;
}
