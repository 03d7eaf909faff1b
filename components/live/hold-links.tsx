"use client";

import { useRouter } from "next/navigation";
import { useContext, useEffect } from "react";
import { toast } from "sonner";
import { LiveLinkContext } from "./live-link";

const toastId = "held-link";

/**
 * While the server cannot be heard a link would end on the browser's own error page, and what stands here would be
 * gone: such a click waits, and is followed once the server answers.
 */
export function HoldLinks() {
  const link = useContext(LiveLinkContext);
  const router = useRouter();

  useEffect(() => {
    if (link === null) return;
    let held: string | null = null;
    const onClick = (event: MouseEvent) => {
      if (link.state().open || !isPlain(event)) return;
      const anchor =
        event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("a[href]") : null;
      const to = anchor === null ? null : inside(anchor.href);
      if (to === null) return;
      event.preventDefault();
      event.stopPropagation();
      hold(to);
    };
    const hold = (to: string) => {
      held = to;
      toast.warning("Tributary does not answer", {
        id: toastId,
        description: "The page that you chose opens as soon as it does.",
        duration: Number.POSITIVE_INFINITY,
        action: {
          label: "Stay here",
          onClick: () => {
            held = null;
          },
        },
      });
    };
    const follow = () => {
      if (!link.state().open || held === null) return;
      const to = held;
      held = null;
      toast.dismiss(toastId);
      router.push(to);
    };
    const onHold = (event: Event) => {
      if (link.state().open) return;
      event.preventDefault();
      hold((event as CustomEvent<string>).detail);
    };
    // Before Next's own handler, which stands at the root of the page.
    window.addEventListener("click", onClick, { capture: true });
    window.addEventListener(goesTo, onHold);
    const leave = link.subscribe(follow);
    return () => {
      window.removeEventListener("click", onClick, { capture: true });
      window.removeEventListener(goesTo, onHold);
      leave();
    };
  }, [link, router]);

  return null;
}

/** A click that would leave the page in this very tab. */
function isPlain(event: MouseEvent): boolean {
  const modified = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
  return !event.defaultPrevented && event.button === 0 && !modified;
}

const goesTo = "tributary:goes-to";

/** Whether a way that is no link, such as a key, may be taken now; otherwise it waits as a link would. */
export function mayGo(path: string): boolean {
  return window.dispatchEvent(new CustomEvent(goesTo, { detail: path, cancelable: true }));
}

/** The path of an address on this site, other than a place on the page at hand; null for any other. */
function inside(href: string): string | null {
  const url = new URL(href, window.location.href);
  if (url.origin !== window.location.origin) return null;
  const here = url.pathname === window.location.pathname && url.search === window.location.search;
  return here ? null : url.pathname + url.search + url.hash;
}
