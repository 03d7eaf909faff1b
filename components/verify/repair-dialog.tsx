"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { toast } from "sonner";
import { Button } from "@/components/controls/button";
import { Modal } from "@/components/controls/modal";
import { Skeleton } from "@/components/controls/skeleton";
import { formatPlural } from "@/components/format/count";
import { reasonOf } from "@/components/live/reason-of";
import { type Outputs, useTRPC } from "@/components/live/trpc";
import { NameField, useOwnName } from "@/components/merging/own-name";
import { ReasonNote } from "@/components/status/reason-note";

type Preview = Outputs["verify"]["repairPreview"];

/** Which differences of a run: chosen keys (in base64), or all of a kind, of a shard, or both. */
export type RepairSelection = {
  keys?: { db: number; key: string }[];
  kind?: keyof Preview["kinds"];
  /** Its index among the task's shards. */
  shard?: number;
};

type RepairDialogProps = {
  taskId: string;
  run: number;
  selection: RepairSelection;
  onClose: () => void;
};

/** Says in numbers what a repair would do, and does it. */
export function RepairDialog({ taskId, run, selection, onClose }: RepairDialogProps) {
  const trpc = useTRPC();
  const own = useOwnName();
  const agreeId = useId();
  const [agreed, setAgreed] = useState(false);
  const chosen = { id: taskId, run, ...selection };
  const { data: preview, error } = useQuery(trpc.verify.repairPreview.queryOptions(chosen));
  const repair = useMutation(trpc.verify.repair.mutationOptions());

  async function begin() {
    own.keep();
    try {
      await repair.mutateAsync({ ...chosen, agreed, ...own.by });
      toast.success("The repair has begun");
      onClose();
    } catch (failure) {
      const { message, remedy } = reasonOf(failure);
      toast.error(message, { description: remedy });
    }
  }

  const waits = preview?.how === "later";
  const possible = preview !== undefined && preview.how !== "never" && preview.keys > 0;
  return (
    <Modal
      open
      onOpenChange={(next) => !next && onClose()}
      title={preview === undefined ? "Repair?" : `Repair ${formatPlural(preview.keys, "key")}?`}
      description={
        error ? (
          <ReasonNote reason={reasonOf(error)} />
        ) : preview === undefined ? (
          <Skeleton className="h-16" />
        ) : (
          <Numbers preview={preview} />
        )
      }
    >
      {possible && (
        <div className="mt-4 space-y-4">
          {waits && (
            <label htmlFor={agreeId} className="flex cursor-pointer items-start gap-2.5">
              <input
                id={agreeId}
                type="checkbox"
                className="mt-1"
                checked={agreed}
                onChange={(event) => setAgreed(event.target.checked)}
              />
              <span>Note the keys now, and repair them then</span>
            </label>
          )}
          <NameField own={own} />
        </div>
      )}
      <div className="mt-5 flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>Leave it as it is</Button>
        <Button
          look="primary"
          busy={repair.isPending}
          disabled={!possible || (waits && !agreed)}
          onClick={() => void begin()}
        >
          Repair
        </Button>
      </div>
    </Modal>
  );
}

function Numbers({ preview }: { preview: Preview }) {
  const { keys, copied, deleted, shards, unnamed, meaning } = preview;
  if (keys === 0) return <p>None of these keys can be repaired any more. Verify again.</p>;
  return (
    <>
      {copied > 0 && (
        <p>
          <span className="num font-medium text-ink">{formatPlural(copied, "key")}</span> will be copied again
          from the {copied === 1 ? "shard that owns it" : "shards that own them"}.
        </p>
      )}
      {deleted > 0 && (
        <p>
          <span className="num font-medium text-ink">{formatPlural(deleted, "key")}</span> will be deleted
          from the destination, if still no shard has {deleted === 1 ? "it" : "them"}.
        </p>
      )}
      {shards.length > 1 && (
        <p className="num">
          {shards.map(({ name, keys: count }) => `${name ?? "On no shard"}: ${count}`).join(", ")}
        </p>
      )}
      <p>
        Each copy is applied at its exact position in the shard&apos;s stream, so it cannot undo a newer
        write. All keys are verified again at the end.
      </p>
      {unnamed > 0 && (
        <p className="num">
          {formatPlural(unnamed, "more difference")} {unnamed === 1 ? "was" : "were"} counted without keeping
          the {unnamed === 1 ? "name" : "names"}. Verify again after this repair.
        </p>
      )}
      {meaning !== null && <p className="text-warn">{meaning}.</p>}
    </>
  );
}
