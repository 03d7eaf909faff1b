"use client";

import { toast } from "sonner";
import { Button } from "@/components/controls/button";
import type { DestinationKeysPolicy } from "@/server/sync/spec/shard-sync-spec";

type KeysChoiceProps = { onChoose: (policy: DestinationKeysPolicy) => void };

/** The way on where the destination must be empty and is not. */
export function KeysChoice({ onChoose }: KeysChoiceProps) {
  const choose = (policy: DestinationKeysPolicy, said: string) => {
    onChoose(policy);
    toast(said, { description: "Choose Create and start; you will be asked to confirm." });
  };
  return (
    <section aria-label="Keys that are there" className="mt-4 rounded-xl border bg-sunken px-4 py-3">
      <p className="text-[0.8125rem]">
        Empty the databases, choose others, or say what becomes of the keys. You are asked once more before
        anything is written.
      </p>
      <div className="mt-3 flex flex-wrap gap-2">
        <Button small onClick={() => choose("overwrite", "Keys of the same name will be overwritten")}>
          Overwrite those of the same name
        </Button>
        <Button small onClick={() => choose("keep", "Keys that are there will be kept")}>
          Keep what is there
        </Button>
      </div>
    </section>
  );
}
