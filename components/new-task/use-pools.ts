"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useDeferredValue, useEffect, useState } from "react";
import { useWatch } from "react-hook-form";
import { reasonOf, type ShownReason } from "@/components/live/reason-of";
import { type Outputs, useTRPCClient } from "@/components/live/trpc";
import type { Pool } from "./pool-picker";
import type { NewTaskForm } from "./task-form-schema";

/** What the server reads in the form's nutcracker.yml. */
export type ReadPools = Pick<Outputs["source"]["parseNutcracker"], "pools" | "problems"> & {
  /** Why the text could not be read; null where it was, or is not yet. */
  readonly failure: ShownReason | null;
  readonly reading: boolean;
  /** The one that was chosen, or the only one that can be; null for none, and for shards by hand. */
  readonly pool: Pool | null;
};

const none: never[] = [];

/** Reads the text a moment after the last keystroke; the last answer stays until the next. */
export function usePools(control: NewTaskForm["control"]): ReadPools {
  const client = useTRPCClient();
  const [text, kind, chosen] = useWatch({ control, name: ["text", "kind", "pool"] });
  const settled = useSettled(text, 250);
  // A mutation for the API, since the text may hold redis_auth and may not stand in a URL; it changes nothing.
  const query = useQuery({
    queryKey: ["source.parseNutcracker", settled],
    queryFn: () => client.source.parseNutcracker.mutate({ text: settled }),
    enabled: settled.trim() !== "",
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    // A server that was away for a moment reads it once it is back.
    refetchInterval: ({ state }) => (state.status === "error" ? 3_000 : false),
    gcTime: 0,
  });
  const isBlank = text.trim() === "";
  const { pools, problems } =
    isBlank || query.data === undefined ? { pools: none, problems: none } : query.data;
  const usable = pools.filter(({ redis }) => redis);
  const pool = usable.find(({ name }) => name === chosen) ?? (usable.length === 1 ? usable[0] : undefined);
  return {
    pools,
    problems,
    failure: query.error !== null && !isBlank ? reasonOf(query.error) : null,
    reading: text !== settled || query.isFetching,
    pool: kind === "nutcracker" ? (pool ?? null) : null,
  };
}

function useSettled(text: string, delayMs: number): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), delayMs);
    return () => clearTimeout(timer);
  }, [text, delayMs]);
  return useDeferredValue(settled);
}
