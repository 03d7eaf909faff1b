"use client";

import { Choices } from "@/components/controls/choices";
import { Field } from "@/components/controls/field";
import { inputLook, TextInput } from "@/components/controls/text-input";
import { formatCount } from "@/components/format/count";
import { cx } from "@/components/format/cx";
import { formatDuration } from "@/components/format/duration";
import type { DraftErrors, OrderDraft } from "./order-draft";
import type { VerificationRun } from "./use-verification";

/** What the choices of a verification of a task are told by. */
export type OrderFacts = {
  readonly shards: readonly { readonly id: string; readonly name: string }[];
  /** Keys of all shards together; null while unknown. */
  readonly keys: number | null;
  /** Runs that have ended, newest first. */
  readonly runs: readonly VerificationRun[];
};

type OrderFieldsProps = {
  draft: OrderDraft;
  onChange: (change: Partial<OrderDraft>) => void;
  errors: DraftErrors;
  facts: OrderFacts;
};

/** How much a verification looks at and how fast, each choice with what it costs. */
export function OrderFields({ draft, onChange, errors, facts }: OrderFieldsProps) {
  const { shards, keys } = facts;
  const ranges = [
    {
      value: "all" as const,
      label: "All keys",
      help: keys === null ? "Every key of the task." : `About ${formatCount(keys)} keys.`,
    },
    {
      value: "sample" as const,
      label: "A sample",
      help: "Keys chosen by their names, the same ones each time. All keys are scanned, so many are compared.",
    },
    {
      value: "shard" as const,
      label: "One shard",
      help: "The keys of one shard; the others are not read.",
    },
    {
      value: "prefix" as const,
      label: "Keys that begin with …",
      help: "All names are scanned, the values of these keys are read.",
    },
  ];
  return (
    <div className="space-y-5">
      <Choices
        name="depth"
        legend="How deep"
        choices={depthChoices(facts)}
        value={draft.depth}
        onChange={(depth) => onChange({ depth })}
      />
      {draft.depth !== "counts" && (
        <Choices
          name="range"
          legend="Which keys"
          choices={shards.length > 1 ? ranges : ranges.filter(({ value }) => value !== "shard")}
          value={draft.range}
          onChange={(range) => onChange({ range })}
        />
      )}
      {draft.depth !== "counts" && draft.range === "sample" && (
        <Field label="Percent of the keys" error={errors.sample}>
          {(control) => (
            <TextInput
              {...control}
              inputMode="decimal"
              value={draft.sample}
              onChange={(event) => onChange({ sample: event.target.value })}
            />
          )}
        </Field>
      )}
      {draft.depth !== "counts" && draft.range === "shard" && (
        <Field label="Shard" error={errors.shardId}>
          {(control) => (
            <select
              {...control}
              value={draft.shardId}
              onChange={(event) => onChange({ shardId: event.target.value })}
              className={cx(inputLook, "h-9")}
            >
              <option value="">Choose a shard</option>
              {shards.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
      {draft.depth !== "counts" && draft.range === "prefix" && (
        <Field label="The keys begin with" help="\xNN stands for any byte." error={errors.prefix}>
          {(control) => (
            <TextInput
              {...control}
              mono
              maxLength={1024}
              value={draft.prefix}
              onChange={(event) => onChange({ prefix: event.target.value })}
            />
          )}
        </Field>
      )}
      {draft.depth !== "counts" && (
        <LimitFields draft={draft} onChange={onChange} errors={errors} keys={keys} />
      )}
    </div>
  );
}

type LimitFieldsProps = {
  draft: Pick<OrderDraft, "keysPerSecond" | "mbPerSecond">;
  onChange: (change: Partial<Pick<OrderDraft, "keysPerSecond" | "mbPerSecond">>) => void;
  errors: DraftErrors;
  keys: number | null;
};

/** How fast the servers are read. */
export function LimitFields({ draft, onChange, errors, keys }: LimitFieldsProps) {
  const limit = Number(draft.keysPerSecond.replaceAll(",", ""));
  const least =
    keys !== null && limit > 0
      ? `At that, ${formatCount(keys)} keys take ${formatDuration(keys / limit)}.`
      : null;
  return (
    <fieldset className="min-w-0">
      <legend className="mb-2 text-[0.8125rem] font-medium">No faster than</legend>
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label="Keys in a second" optional error={errors.keysPerSecond}>
          {(control) => (
            <TextInput
              {...control}
              inputMode="numeric"
              placeholder="no limit"
              value={draft.keysPerSecond}
              onChange={(event) => onChange({ keysPerSecond: event.target.value })}
            />
          )}
        </Field>
        <Field label="MB in a second" optional error={errors.mbPerSecond}>
          {(control) => (
            <TextInput
              {...control}
              inputMode="decimal"
              placeholder="no limit"
              value={draft.mbPerSecond}
              onChange={(event) => onChange({ mbPerSecond: event.target.value })}
            />
          )}
        </Field>
      </div>
      <p className="num mt-1.5 text-xs text-ink-3">
        Without a limit it reads as fast as the servers answer, as one more client of each.{" "}
        {least ?? "A limit makes it gentler and longer; it can be changed while it runs."}
      </p>
    </fieldset>
  );
}

function depthChoices({ runs }: OrderFacts) {
  const tookText = (depth: VerificationRun["depth"]) => {
    const last = runs.find(
      (run) => run.depth === depth && ["equal", "different", "unknown"].includes(run.outcome),
    );
    if (last === undefined) return "";
    const took = formatDuration((last.finishedAt - last.startedAt) / 1000);
    return ` The last one took ${took} for ${formatCount(last.compared)} keys.`;
  };
  return [
    {
      value: "counts" as const,
      label: "Counts",
      help: `The numbers of keys, in seconds. The weakest: keys that have expired are counted, too.${tookText("counts")}`,
    },
    {
      value: "keys" as const,
      label: "Keys",
      help: `That each key exists, and its type. About half as long as Full.${tookText("keys")}`,
    },
    {
      value: "full" as const,
      label: "Full",
      help: `Every value and expiry. Both sides are read once as a whole: a SCAN, and a DUMP of each key.${tookText("full")}`,
    },
  ];
}
