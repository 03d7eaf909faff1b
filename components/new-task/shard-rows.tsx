"use client";

import { Plus, Trash2 } from "lucide-react";
import { useFieldArray, useFormContext, useWatch } from "react-hook-form";
import { Button } from "@/components/controls/button";
import { IconButton } from "@/components/controls/icon-button";
import { AddressFields } from "./address-fields";
import { AddressExamples } from "./further-addresses";
import { emptyAddress, isBlank, type TaskForm } from "./task-form";

/** The shards by hand: one row for each Redis-Server behind the proxy. */
export function ShardRows() {
  const { control } = useFormContext<TaskForm>();
  const { fields, append, remove } = useFieldArray({ control, name: "shards" });
  const shards = useWatch({ control, name: "shards" });
  const someFilled = shards.some((shard) => !isBlank(shard));
  return (
    <div>
      <p className="mb-4 text-[0.8125rem] text-ink-2">
        Give the address of each Redis server itself, not the proxy's. Every server of the pool belongs here.
        Where a shard has replicas, its failovers are followed if you give all its servers, or its Sentinels
        with the master's name:
        <AddressExamples />
      </p>
      <ol className="space-y-4">
        {fields.map(({ id }, index) => {
          const shard = shards[index];
          const isLeftOut = shard !== undefined && isBlank(shard) && someFilled;
          return (
            <li
              key={id}
              className="flex items-start gap-2 max-sm:border-t max-sm:pt-4 max-sm:first:border-t-0 max-sm:first:pt-0"
            >
              <div className="min-w-0 flex-1">
                <AddressFields
                  label={`Shard ${index + 1}`}
                  path={`shards.${index}`}
                  // Said in the row itself, and before it is sent: it might have been meant for a shard.
                  note={isLeftOut ? "This row is empty: it is left out of the task." : undefined}
                />
              </div>
              <IconButton
                label={`Remove shard ${index + 1}`}
                className="mt-[1.7rem]"
                disabled={fields.length === 1}
                onClick={() => remove(index)}
              >
                <Trash2 />
              </IconButton>
            </li>
          );
        })}
      </ol>
      <Button
        small
        className="mt-4"
        onClick={() => append(emptyAddress, { focusName: `shards.${fields.length}.address` })}
      >
        <Plus className="size-4" aria-hidden />
        Add a shard
      </Button>
    </div>
  );
}
