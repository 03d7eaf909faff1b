"use client";

import { Plus, Trash2 } from "lucide-react";
import { Button } from "@/components/controls/button";
import { IconButton } from "@/components/controls/icon-button";
import { AddressFields } from "./address-fields";
import { AddressExamples } from "./further-addresses";
import { type FormErrors, isBlank, newShard, type ShardForm } from "./task-form";

type ShardRowsProps = {
  shards: readonly ShardForm[];
  errors: FormErrors;
  onChange: (shards: readonly ShardForm[]) => void;
};

/** The shards by hand: one row for each Redis-Server behind the proxy. */
export function ShardRows({ shards, errors, onChange }: ShardRowsProps) {
  return (
    <div>
      <p className="mb-4 text-[0.8125rem] text-ink-2">
        Give the address of each Redis-Server itself, not the proxy's. Every server of the pool belongs here.
        Where a shard has replicas, its failovers are followed if you give all its servers, or its Sentinels
        with the master's name:
        <AddressExamples />
      </p>
      <ol className="space-y-4">
        {shards.map((shard, index) => (
          <li
            key={shard.key}
            className="flex items-start gap-2 max-sm:border-t max-sm:pt-4 max-sm:first:border-t-0 max-sm:first:pt-0"
          >
            <div className="min-w-0 flex-1">
              <AddressFields
                label={`Shard ${index + 1}`}
                path={`shards.${index}`}
                value={shard}
                errors={errors}
                // Said in the row itself, and before it is sent: it might have been meant for a shard.
                note={
                  isBlank(shard) && shards.some((each) => !isBlank(each))
                    ? "This row is empty: it is left out of the task."
                    : undefined
                }
                onChange={(address) =>
                  onChange(shards.map((each) => (each.key === shard.key ? { ...each, ...address } : each)))
                }
              />
            </div>
            <IconButton
              label={`Remove shard ${index + 1}`}
              className="mt-[1.7rem]"
              disabled={shards.length === 1}
              onClick={() => onChange(shards.filter((each) => each.key !== shard.key))}
            >
              <Trash2 />
            </IconButton>
          </li>
        ))}
      </ol>
      <Button small className="mt-4" onClick={() => onChange([...shards, newShard(shards)])}>
        <Plus className="size-4" aria-hidden />
        Add a shard
      </Button>
    </div>
  );
}
