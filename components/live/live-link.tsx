"use client";

import { createContext, useContext, useSyncExternalStore } from "react";

export type LinkState = { readonly open: boolean; readonly since: number };

/** Whether the browser hears from the server; changed by the WebSocket client's open and close. */
export class LiveLink {
  #state: LinkState = { open: true, since: 0 };
  readonly #listeners = new Set<() => void>();

  readonly state = () => this.#state;

  readonly subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  set(open: boolean, at: number): void {
    // The age of an outage counts from its first failure, not from the latest attempt.
    if (open === this.#state.open) return;
    this.#state = { open, since: at };
    for (const listener of this.#listeners) listener();
  }
}

export const LiveLinkContext = createContext<LiveLink | null>(null);

const serverState: LinkState = { open: true, since: 0 };

export function useLinkState(): LinkState {
  const link = useContext(LiveLinkContext);
  if (link === null) throw new Error("useLinkState needs the TrpcRoot around it");
  return useSyncExternalStore(link.subscribe, link.state, () => serverState);
}
