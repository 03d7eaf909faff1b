"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useDeferredValue, useEffect, useState } from "react";
import { Segmented } from "@/components/controls/segmented";
import { useTRPCClient } from "@/components/live/trpc";
import { FormSection } from "./form-section";
import { FurtherAddresses } from "./further-addresses";
import { NutcrackerEditor } from "./nutcracker-editor";
import { type Pool, PoolPicker } from "./pool-picker";
import { ShardRows } from "./shard-rows";
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
  const { pools, problems } = useParsed(form.text);
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
            error={errors.text}
            onChange={(text) => onChange({ text })}
          />
          <PoolPicker
            pools={pools}
            value={form.pool}
            error={errors.pool}
            onChange={(name) => onChange({ pool: name, ...ofAnotherPool })}
          />
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
function useParsed(text: string) {
  const client = useTRPCClient();
  const settled = useSettled(text, 250);
  // A mutation for the API, since the text may hold redis_auth and may not stand in a URL; it changes nothing.
  const query = useQuery({
    queryKey: ["source.parseNutcracker", settled],
    queryFn: () => client.source.parseNutcracker.mutate({ text: settled }),
    enabled: settled.trim() !== "",
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  const empty = text.trim() === "" || query.data === undefined;
  return { pools: empty ? none : query.data.pools, problems: empty ? none : query.data.problems };
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
