"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useDeferredValue, useEffect, useState } from "react";
import { Segmented } from "@/components/controls/segmented";
import { reasonOf, type ShownReason } from "@/components/live/reason-of";
import { type Outputs, useTRPCClient } from "@/components/live/trpc";
import { FormSection } from "./form-section";
import { FurtherAddresses } from "./further-addresses";
import { NutcrackerEditor } from "./nutcracker-editor";
import { type Pool, PoolPicker } from "./pool-picker";
import { ShardRows } from "./shard-rows";
import { StatsField } from "./stats-field";
import type { FormErrors, TaskForm } from "./task-form";

type SourceSectionProps = {
  form: TaskForm;
  errors: FormErrors;
  onChange: (patch: Partial<TaskForm>) => void;
  onPool: (pool: Pool | null) => void;
};

const kinds = [
  { value: "nutcracker", label: "nutcracker.yml" },
  { value: "shards", label: "Shards by hand" },
] as const;

/** Where the data comes from. */
export function SourceSection({ form, errors, onChange, onPool }: SourceSectionProps) {
  const { pools, problems, failure, reading } = useParsed(form.text);
  const usable = pools.filter((pool) => pool.redis);
  const chosen =
    usable.find((pool) => pool.name === form.pool) ?? (usable.length === 1 ? usable[0] : undefined) ?? null;

  // The only pool needs no choice, and one that the text has no longer is none.
  const pool = chosen?.name ?? "";
  const settled = form.text.trim() === "" || pools.length > 0;
  useEffect(() => {
    // What was given beside the servers of another pool is not for these.
    if (settled && pool !== form.pool) onChange({ pool, ...ofAnotherPool });
  }, [settled, pool, form.pool, onChange]);
  useEffect(() => onPool(form.kind === "nutcracker" ? chosen : null), [chosen, form.kind, onPool]);

  return (
    <FormSection
      step={1}
      title="Source"
      aside={
        <Segmented
          label="Kind of source"
          value={form.kind}
          options={kinds}
          onChange={(kind) => onChange({ kind })}
        />
      }
    >
      {form.kind === "nutcracker" ? (
        <>
          <NutcrackerEditor
            text={form.text}
            problems={problems}
            error={errors.text ?? unread(errors.pool, pools.length, failure, reading)}
            onChange={(text) => onChange({ text })}
          />
          <PoolPicker
            pools={pools}
            value={form.pool}
            error={errors.pool}
            onChange={(name) => onChange({ pool: name, ...ofAnotherPool })}
          />
          <StatsField value={form.stats} error={errors.stats} onChange={(stats) => onChange({ stats })} />
          {chosen !== null && (
            <FurtherAddresses
              pool={chosen}
              value={form.further}
              onChange={(further) => onChange({ further })}
            />
          )}
        </>
      ) : (
        <ShardRows shards={form.shards} errors={errors} onChange={(shards) => onChange({ shards })} />
      )}
    </FormSection>
  );
}

/** What the server reads in the text, a moment after the last keystroke; the last answer stays until the next. */
function useParsed(text: string): Parsed {
  const client = useTRPCClient();
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
  const empty = text.trim() === "" || query.data === undefined;
  return {
    pools: empty ? none : query.data.pools,
    problems: empty ? none : query.data.problems,
    failure: query.error !== null && text.trim() !== "" ? reasonOf(query.error) : null,
    reading: text !== settled || query.isFetching,
  };
}

type Parsed = Pick<Outputs["source"]["parseNutcracker"], "pools" | "problems"> & {
  /** Why the text could not be read; null where it was, or is not yet. */
  readonly failure: ShownReason | null;
  readonly reading: boolean;
};

/** What is wrong where a pool must be chosen and none is there to be marked. */
function unread(
  wanted: string | undefined,
  pools: number,
  failure: ShownReason | null,
  reading: boolean,
): string | undefined {
  if (failure !== null) return `The file could not be read: ${failure.message} ${failure.remedy}`;
  if (wanted === undefined || pools > 0) return undefined;
  return reading
    ? "The file is still being read: try again in a moment."
    : "The file has no usable pool: fix the errors below.";
}

const none: never[] = [];
/** What was chosen for one pool may not fit another. */
const ofAnotherPool = { further: {}, mergePolicy: null, onFlush: "skip" } as const;

function useSettled(text: string, delayMs: number): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), delayMs);
    return () => clearTimeout(timer);
  }, [text, delayMs]);
  return useDeferredValue(settled);
}
