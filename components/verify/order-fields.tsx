"use client";

import { useFormContext, useWatch } from "react-hook-form";
import { inputLook, TextInput } from "@/components/controls/text-input";
import { FormCheckbox } from "@/components/form/form-checkbox";
import { FormChoices } from "@/components/form/form-choices";
import { FormField } from "@/components/form/form-field";
import { numberIn } from "@/components/form/form-schema";
import { formatCount } from "@/components/format/count";
import { cx } from "@/components/format/cx";
import { formatDuration } from "@/components/format/duration";
import type { LimitsDraft, OrderDraft } from "./order-draft";
import type { VerificationRun } from "./use-verification";

/** What the choices of a verification of a task are told by. */
export type OrderFacts = {
  readonly shards: readonly { readonly id: string; readonly name: string }[];
  /** Keys of all shards together; null while unknown. */
  readonly keys: number | null;
  /** Runs that have ended, newest first. */
  readonly runs: readonly VerificationRun[];
};

type WithOrder = { order: OrderDraft };

/** How much a verification looks at and how fast, each choice with what it costs: `order` of the form around it. */
export function OrderFields({ facts }: { facts: OrderFacts }) {
  const { shards, keys } = facts;
  const { control } = useFormContext<WithOrder>();
  const [depth, range] = useWatch({ control, name: ["order.depth", "order.range"] });
  const ranges = [
    {
      value: "all" as const,
      label: "All keys",
      help: keys === null ? "Every key of the task." : `About ${formatCount(keys)} keys.`,
    },
    {
      value: "sample" as const,
      label: "A sample",
      help: "Chosen by key name, the same keys each time. Every name is scanned, but only these keys are compared.",
    },
    {
      value: "shard" as const,
      label: "One shard",
      help: "The keys of one shard; the others are not read.",
    },
    {
      value: "prefix" as const,
      label: "A prefix",
      help: "Every name is scanned, but only these keys are compared.",
    },
  ];
  return (
    <div className="space-y-5">
      <FormChoices<WithOrder, OrderDraft["depth"]>
        name="order.depth"
        legend="How deep"
        choices={depthChoices(facts)}
      />
      {depth !== "counts" && (
        <>
          <FormChoices<WithOrder, OrderDraft["range"]>
            name="order.range"
            legend="Which keys"
            choices={shards.length > 1 ? ranges : ranges.filter(({ value }) => value !== "shard")}
          />
          <RangeField range={range} shards={shards} />
          <LimitFields keys={keys} />
        </>
      )}
      <FormCheckbox<WithOrder>
        name="order.replicas"
        label="Read replicas instead of masters"
        help="One replica of each shard, where one answers. The destination is read at its master."
      />
    </div>
  );
}

function RangeField({ range, shards }: Pick<OrderDraft, "range"> & Pick<OrderFacts, "shards">) {
  switch (range) {
    case "all":
      return null;
    case "sample":
      return (
        <FormField<WithOrder> name="order.sample" label="Percent of the keys">
          {(control) => <TextInput {...control} inputMode="decimal" />}
        </FormField>
      );
    case "shard":
      return (
        <FormField<WithOrder> name="order.shardId" label="Shard">
          {(control) => (
            <select {...control} className={cx(inputLook, "h-9")}>
              <option value="">Choose a shard</option>
              {shards.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          )}
        </FormField>
      );
    case "prefix":
      return (
        <FormField<WithOrder>
          name="order.prefix"
          label="The keys begin with"
          help="\xNN stands for any byte."
        >
          {(control) => <TextInput {...control} mono maxLength={1024} />}
        </FormField>
      );
  }
}

/** How fast the servers are read. @param keys how many are to be read; null while unknown. */
export function LimitFields({ keys }: { keys: number | null }) {
  const { control } = useFormContext<{ order: LimitsDraft }>();
  const limit = numberIn(useWatch({ control, name: "order.keysPerSecond" }));
  const least =
    keys !== null && limit > 0
      ? `At that, ${formatCount(keys)} keys take ${formatDuration(keys / limit)}.`
      : null;
  return (
    <fieldset className="min-w-0">
      <legend className="mb-2 text-[0.8125rem] font-medium">Limits</legend>
      <div className="grid gap-3 sm:grid-cols-2">
        <FormField<{ order: LimitsDraft }> name="order.keysPerSecond" label="Keys per second" optional>
          {(field) => <TextInput {...field} inputMode="numeric" placeholder="no limit" />}
        </FormField>
        <FormField<{ order: LimitsDraft }> name="order.mbPerSecond" label="MB per second" optional>
          {(field) => <TextInput {...field} inputMode="decimal" placeholder="no limit" />}
        </FormField>
      </div>
      <p className="num mt-1.5 text-xs text-ink-3">
        Without a limit, it reads as fast as the servers answer, as one more client of each. You can change
        this while it runs.{least !== null && ` ${least}`}
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
      help: `Compares the number of keys. Takes seconds, and proves least: expired keys count until Redis deletes them.${tookText("counts")}`,
    },
    {
      value: "keys" as const,
      label: "Keys",
      help: `Compares which keys exist, and their types. Takes about half as long as Full.${tookText("keys")}`,
    },
    {
      value: "full" as const,
      label: "Full",
      help: `Compares every value and expiry. Reads both sides once: a SCAN, and a DUMP of each key.${tookText("full")}`,
    },
  ];
}
