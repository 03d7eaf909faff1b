"use client";

import { createContext, type ReactNode, useContext, useSyncExternalStore } from "react";

const ServerNow = createContext(0);

/** Hands the server's time of rendering to the browser, so that both write the same ages at first. */
export function NowProvider({ initialNow, children }: { initialNow: number; children: ReactNode }) {
  return <ServerNow value={initialNow}>{children}</ServerNow>;
}

const listeners = new Set<() => void>();
let current = 0;
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void) {
  listeners.add(listener);
  if (timer === undefined) {
    current = Date.now();
    timer = setInterval(() => {
      current = Date.now();
      for (const each of listeners) each();
    }, 1000);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** ms since the epoch, once a second, from one timer for the whole page. */
export function useNow(): number {
  const initial = useContext(ServerNow);
  return useSyncExternalStore(
    subscribe,
    () => {
      if (current === 0) current = Date.now();
      return current;
    },
    () => initial,
  );
}

/** False while the server's markup is taken over, true after: for text that only the browser can write. */
export function useHydrated(): boolean {
  return useSyncExternalStore(
    () => () => {},
    () => true,
    () => false,
  );
}
