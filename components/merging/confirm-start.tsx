"use client";

import { useQuery } from "@tanstack/react-query";
import { TriangleAlert, Users } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { Button } from "@/components/controls/button";
import { Modal } from "@/components/controls/modal";
import { formatCount, formatPercent, formatPlural } from "@/components/format/count";
import { useTRPC } from "@/components/live/trpc";
import type { StartQuestion } from "@/server/control/checks/start-confirmation";
import type { NeighborTask } from "@/server/precheck/server-answers";
import { NameField, type OwnName } from "./own-name";

type ConfirmStartProps = {
  question: StartQuestion;
  own: OwnName;
  busy: boolean;
  onConfirm: () => void;
  onClose: () => void;
  /** The choice between overwriting and keeping, where it can still be made. */
  children?: ReactNode;
  /** Offers another database; left out where the task has its databases already. */
  onDatabase?: ((db: number) => void) | undefined;
  /** Adds the shards to a task that is there already; left out where they cannot be. */
  onJoin?: ((task: { readonly id: string; readonly name: string }) => void) | undefined;
};

/** Asks once before a task writes where keys lie or another task writes. No key press alone answers it. */
export function ConfirmStart(props: ConfirmStartProps) {
  const { question, own, busy, onConfirm, onClose, children, onDatabase, onJoin } = props;
  const { use, address } = question;
  const { neighbors, freeDatabase } = use;
  return (
    <Modal
      open
      onOpenChange={(next) => !next && onClose()}
      title={
        neighbors.length > 0 ? "Write beside another task?" : "Write into a destination that holds keys?"
      }
      description={
        <>
          <p>
            <span className="font-mono text-[0.8125rem] break-all text-ink">{address}</span>{" "}
            {heldText(question)}
          </p>
          <p className="num">{outcomeText(question)}</p>
        </>
      }
    >
      <Neighbors neighbors={neighbors} onJoin={onJoin} />
      {onDatabase !== undefined && freeDatabase !== null && (
        <div className="mt-3 flex flex-wrap items-center justify-between gap-2 rounded-lg bg-sunken px-3 py-2.5 text-[0.8125rem]">
          <span className="min-w-0">
            Database {freeDatabase} is empty. A database for each pool keeps their keys apart.
          </span>
          <Button small onClick={() => onDatabase(freeDatabase)}>
            Use database {freeDatabase}
          </Button>
        </div>
      )}
      {children}
      <div className="mt-4">
        <NameField own={own} />
      </div>
      <div className="mt-5 flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>Do not start</Button>
        <Button
          look="danger"
          busy={busy}
          onClick={() => {
            own.keep();
            onConfirm();
          }}
        >
          <TriangleAlert className="size-4" aria-hidden />
          {startWord(question)}
        </Button>
      </div>
    </Modal>
  );
}

function startWord({ destinationKeys, use }: StartQuestion): string {
  if (use.keys.length === 0) return "Start beside it";
  return destinationKeys === "keep" ? "Start and keep them" : "Start and overwrite";
}

function heldText({ use }: StartQuestion): string {
  if (use.keys.length === 0) return "holds no key yet, but another task writes to the same databases.";
  const total = use.keys.reduce((sum, { keys }) => sum + keys, 0);
  const places = use.keys.map(({ db }) => db).join(", ");
  return `holds ${formatPlural(total, "key")} already, in database ${places}.`;
}

/** What will happen to how many keys. */
function outcomeText({ use, destinationKeys }: StartQuestion): string {
  const { samples, keys } = use;
  const total = keys.reduce((sum, one) => sum + one.keys, 0);
  const what =
    destinationKeys === "keep"
      ? "Keys that are there stay as they are, also where a shard has a key of the same name."
      : "Keys of the same name as a shard's are overwritten, the others stay.";
  if (total === 0)
    return "Of a key that both tasks have, the last write wins. Neither removes what the other brought.";
  if (samples === null) return what;
  const { sampled, onDestination } = samples;
  if (onDestination === 0)
    return `${what} Of ${formatCount(sampled)} keys of the shards that were looked at, none is there.`;
  const share = formatPercent(onDestination, sampled);
  return `${what} That is about ${share} of the shards' keys: ${formatCount(onDestination)} of ${formatCount(sampled)} that were looked at are there.`;
}

type NeighborsProps = { neighbors: readonly NeighborTask[]; onJoin: ConfirmStartProps["onJoin"] };

/** Who is there already, with the way to those that are this Tributary's own. */
function Neighbors({ neighbors, onJoin }: NeighborsProps) {
  const trpc = useTRPC();
  const own = useQuery({ ...trpc.task.list.queryOptions(), enabled: neighbors.length > 0 });
  if (neighbors.length === 0) return null;
  return (
    <section aria-label="Other tasks" className="mt-3 rounded-lg border px-3 py-2.5 text-[0.8125rem]">
      <ul className="space-y-2">
        {neighbors.map((neighbor) => {
          const known = own.data?.find(({ id }) => id === neighbor.id);
          return (
            <li key={neighbor.id} className="flex gap-2.5">
              <Users className="mt-0.5 size-4 shrink-0 text-warn" aria-hidden />
              <div className="min-w-0">
                <p className="font-medium break-words">
                  {known === undefined ? (
                    (neighbor.name ?? `Task ${neighbor.id}`)
                  ) : (
                    <Link href={`/tasks/${known.id}`} className="underline underline-offset-3">
                      {known.name}
                    </Link>
                  )}
                  {known === undefined && (
                    <span className="font-normal text-ink-2"> of another Tributary</span>
                  )}
                </p>
                <p className="break-words text-ink-2">
                  {neighbor.shards.length > 0 && formatPlural(neighbor.shards.length, "shard")}
                  {neighbor.shards.length > 0 && `: ${neighbor.shards.slice(0, 6).join(", ")}`}
                  {neighbor.host !== null && `, on ${neighbor.host}`}
                  {neighbor.leftAt !== null && ", ended; its keys are there"}
                </p>
                {known?.takesShards && onJoin !== undefined && (
                  <Button small className="mt-1.5" onClick={() => onJoin(known)}>
                    Add these shards to {known.name}
                  </Button>
                )}
              </div>
            </li>
          );
        })}
      </ul>
      <p className="mt-2 text-ink-2">
        Shards of one Twemproxy belong in one task: its ring then says whose value of a key is right.
        {onJoin !== undefined && " A task takes further shards while it is paused."}
      </p>
    </section>
  );
}
