"use client";

import { type ReactNode, useState } from "react";
import { formatCount } from "@/components/format/count";
import { FindingItem } from "./finding-item";
import type { Finding } from "./finding-kinds";
import { SelectionBar } from "./selection-bar";

type FindingListProps = {
  taskId: string;
  run: number;
  findings: readonly Finding[];
  /** Only what differs can be chosen. */
  choosable: boolean;
  /** What can be done with all of them, while none is chosen. */
  ofAll: ReactNode;
};

/** Findings one below the other; those that differ can be chosen for what is to be done with them. */
export function FindingList({ taskId, run, findings, choosable, ofAll }: FindingListProps) {
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const onPage = findings.map(({ number }) => number);
  const all = onPage.length > 0 && onPage.every((number) => chosen.has(number));
  const choose = (numbers: readonly number[], on: boolean) => {
    const next = new Set(chosen);
    for (const number of numbers) {
      if (on) next.add(number);
      else next.delete(number);
    }
    setChosen(next);
  };
  return (
    <>
      {choosable && (
        <div className="flex min-h-12 flex-wrap items-center gap-x-4 gap-y-2 border-t px-4 py-2 sm:px-5">
          <label className="flex cursor-pointer items-center gap-3 text-[0.8125rem] text-ink-2">
            <input
              type="checkbox"
              checked={all}
              onChange={(event) => choose(onPage, event.target.checked)}
              className="size-4 accent-(--river)"
            />
            Choose all {formatCount(onPage.length)} on this page
          </label>
          {chosen.size === 0 ? (
            <div className="sm:ml-auto">{ofAll}</div>
          ) : (
            <SelectionBar
              taskId={taskId}
              run={run}
              chosen={[...chosen].sort((a, b) => a - b)}
              findings={findings}
              onClear={() => setChosen(new Set())}
            />
          )}
        </div>
      )}
      <ul className="divide-y border-t">
        {findings.map((one) => (
          <li key={one.number}>
            <FindingItem
              one={one}
              href={`/tasks/${taskId}/verifications/${run}/${one.number}`}
              choice={
                choosable && (
                  <input
                    type="checkbox"
                    aria-label={`Choose number ${formatCount(one.number)}`}
                    checked={chosen.has(one.number)}
                    onChange={(event) => choose([one.number], event.target.checked)}
                    className="mt-1 size-4 shrink-0 accent-(--river)"
                  />
                )
              }
            />
          </li>
        ))}
      </ul>
    </>
  );
}
