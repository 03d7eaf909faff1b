"use client";

import { useQuery } from "@tanstack/react-query";
import { Wrench } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/controls/button";
import { Segmented } from "@/components/controls/segmented";
import { Skeleton } from "@/components/controls/skeleton";
import { formatBytes } from "@/components/format/bytes";
import { formatCount, formatPlural } from "@/components/format/count";
import { formatMoment } from "@/components/format/duration";
import { reasonOf } from "@/components/live/reason-of";
import { type Outputs, useTRPC } from "@/components/live/trpc";
import { ReasonNote } from "@/components/status/reason-note";
import { RepairDialog } from "./repair-dialog";

type Verdict = NonNullable<Outputs["verify"]["run"]["verdict"]>;
type Finding = Verdict["listed"][number];

const kinds: Record<Finding["kind"], string> = {
  missing: "Missing",
  extra: "Extra",
  type: "Other type",
  value: "Other value",
  expiry: "Other expiry",
  stale: "Stale duplicate",
  lone: "Lone stray",
  collision: "Collision",
  neighbor: "A neighbor's",
  busy: "Busy",
  shaded: "Expiry held back",
  doubtful: "Waits to be copied",
  unsettled: "Not settled",
  undecided: "Not decided",
  "left-out": "Left out for its size",
  former: "There before the task",
};

/** Findings that are shown at once. */
const SHOWN = 100;

/** What a run found, by kind, with both sides next to each other. */
export function DifferenceList({ taskId, run }: { taskId: string; run: number }) {
  const trpc = useTRPC();
  const { data, error } = useQuery(trpc.verify.run.queryOptions({ id: taskId, run }));
  const [kind, setKind] = useState<"all" | Finding["kind"]>("all");
  if (error) return <ReasonNote reason={reasonOf(error)} />;
  if (data === undefined) return <Skeleton className="h-24" />;
  const { verdict } = data;
  if (verdict === null) return null;
  const found = Object.entries(verdict.counts) as [Finding["kind"], number][];
  if (found.length === 0 && verdict.notes.length === 0) return null;
  const listed = verdict.listed.filter((one) => kind === "all" || one.kind === kind);
  return (
    <div className="space-y-3">
      {verdict.notes.length > 0 && (
        <ul className="list-disc space-y-1 pl-5 text-ink-2">
          {verdict.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
      {found.length > 0 && (
        <div className="overflow-x-auto">
          <Segmented
            label="Findings"
            value={kind}
            onChange={setKind}
            options={[
              { value: "all" as const, label: "All" },
              ...found.map(([value, count]) => ({ value, label: `${kinds[value]} ${formatCount(count)}` })),
            ]}
          />
        </div>
      )}
      <RepairAll taskId={taskId} run={run} verdict={verdict} kind={kind} />
      <ul className="divide-y rounded-lg border">
        {listed.slice(0, SHOWN).map((one) => (
          <FindingItem key={`${one.kind} ${one.db} ${one.key.base64}`} one={one} shards={verdict.shards} />
        ))}
      </ul>
      {listed.length > SHOWN && (
        <p className="num text-xs text-ink-3">
          The first {SHOWN} of {formatPlural(listed.length, "finding")}. All of them: npm run verify -- --json
        </p>
      )}
    </div>
  );
}

const repairable = ["missing", "extra", "type", "value", "expiry"] as const;

/** A button for the differences that are shown; nothing for what is no difference. */
function RepairAll({
  taskId,
  run,
  verdict,
  kind,
}: {
  taskId: string;
  run: number;
  verdict: Verdict;
  kind: "all" | Finding["kind"];
}) {
  const [open, setOpen] = useState(false);
  const one = repairable.find((candidate) => candidate === kind);
  const count = one === undefined ? verdict.differences : (verdict.counts[one] ?? 0);
  if ((kind !== "all" && one === undefined) || count === 0 || verdict.depth === "counts") return null;
  return (
    <div>
      <Button small onClick={() => setOpen(true)}>
        <Wrench className="size-3.5" aria-hidden />
        {one === undefined ? "Repair all…" : "Repair all of this kind…"}
      </Button>
      {open && (
        <RepairDialog
          taskId={taskId}
          run={run}
          selection={one === undefined ? {} : { kind: one }}
          onClose={() => setOpen(false)}
        />
      )}
    </div>
  );
}

function FindingItem({ one, shards }: { one: Finding; shards: Verdict["shards"] }) {
  const shard = one.shard === null ? "no shard" : (shards[one.shard]?.shardName ?? "");
  return (
    <li className="grid gap-x-5 gap-y-1.5 px-3.5 py-3 sm:grid-cols-[9rem_minmax(0,1fr)]">
      <p className="font-medium">{kinds[one.kind]}</p>
      <div className="min-w-0">
        <p className="font-mono text-[0.8125rem] break-all">{one.key.text}</p>
        <p className="mt-0.5 text-xs text-ink-3">
          db {one.db}, {shard}
        </p>
        <dl className="mt-1.5 grid gap-x-5 gap-y-1 text-xs sm:grid-cols-2">
          <SideFacts label="Shard" facts={one.source} />
          <SideFacts label="Destination" facts={one.destination} />
        </dl>
        {one.elements.length > 0 && (
          <ul aria-label="Parts that differ" className="mt-2 space-y-1">
            {one.elements.map(({ part, name, source, destination }) => (
              <li
                key={`${part} ${name.base64}`}
                className="rounded-md bg-sunken px-2 py-1 font-mono text-[0.6875rem] break-all text-ink-2"
              >
                {part} {name.text}: {source?.text ?? "absent"} / {destination?.text ?? "absent"}
              </li>
            ))}
          </ul>
        )}
      </div>
    </li>
  );
}

function SideFacts({ label, facts }: { label: string; facts: Finding["source"] }) {
  return (
    <div className="min-w-0">
      <dt className="inline text-ink-3">{label}: </dt>
      <dd className="num inline break-words">
        {facts === null ? "absent" : `${facts.type}, ${formatBytes(facts.bytes)}`}
        {facts !== null && facts.expireAt >= 0 && `, expires ${expiryText(facts.expireAt)}`}
      </dd>
    </div>
  );
}

/** Past the year 275,760 there are no dates in JavaScript. */
function expiryText(ms: number): string {
  return ms > 8.64e15 ? `at ${formatCount(ms)} ms` : formatMoment(ms);
}
