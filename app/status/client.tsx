"use client";

import { useSubscription } from "@trpc/tanstack-react-query";
import { LayoutGrid, LayoutList } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import { ArrangeForm } from "@/components/board/arrange-form";
import { BoardGrid } from "@/components/board/board-grid";
import { BoardFigures, BoardHead } from "@/components/board/board-head";
import { headlineOf, problemsOf } from "@/components/board/board-words";
import { GuestWatch } from "@/components/board/guest-watch";
import { useOld } from "@/components/board/use-old";
import { buttonLook } from "@/components/controls/button";
import { IconButton } from "@/components/controls/icon-button";
import { useHydrated } from "@/components/live/now";
import { useTRPC } from "@/components/live/trpc";
import { ForRole, useMay } from "@/components/people/me";
import { DocumentTitle } from "@/components/shell/document-title";
import { ThemeMenu } from "@/components/shell/theme-menu";
import type { StatusBoard } from "@/server/control/views/status-board";

/** Every task and shard on one screen: for a wall, and for a phone. */
export function StatusPage({ initial }: { initial: StatusBoard }) {
  const trpc = useTRPC();
  const [heardAt, setHeardAt] = useState(() => Date.now());
  const [arranging, setArranging] = useState(false);
  const live = useSubscription(
    trpc.status.live.subscriptionOptions(undefined, { onData: () => setHeardAt(Date.now()) }),
  );
  const board = live.data ?? initial;
  const oldSince = useOld(heardAt);
  const hydrated = useHydrated();
  const linked = useMay("viewer");
  const headline = headlineOf(board);

  return (
    <div
      data-screen=""
      data-old={oldSince !== null || undefined}
      data-unheard={!hydrated || undefined}
      className="flex min-h-dvh flex-col p-3 sm:p-4"
    >
      <DocumentTitle title={`${headline} · Tributary`} />
      <GuestWatch />
      <BoardHead
        headline={headline}
        health={board.health}
        oldSince={oldSince}
        figures={<BoardFigures {...board} />}
        problems={problemsOf(board)}
        controls={
          <>
            <ForRole needs="operator">
              <IconButton label="Arrange this page" onClick={() => setArranging(!arranging)}>
                <LayoutGrid />
              </IconButton>
            </ForRole>
            <ForRole needs="viewer">
              <Link
                href="/tasks"
                aria-label="To the tasks"
                title="To the tasks"
                className="inline-flex size-8 items-center justify-center rounded-lg hover:bg-ink/7"
              >
                <LayoutList className="size-4" aria-hidden />
              </Link>
            </ForRole>
            <ThemeMenu />
          </>
        }
      />
      {arranging ? (
        <ArrangeForm onClose={() => setArranging(false)} />
      ) : board.groups.length === 0 ? (
        <NothingShown onArrange={() => setArranging(true)} />
      ) : (
        <BoardGrid groups={board.groups} linked={linked} old={oldSince !== null} />
      )}
    </div>
  );
}

function NothingShown({ onArrange }: { onArrange: () => void }) {
  return (
    <div className="flex flex-1 flex-col items-center justify-center gap-4 py-16 text-center text-ink-2">
      <p className="max-w-prose text-pretty">
        There is no task yet, or none was chosen for this page. Tasks appear here as soon as there are some.
      </p>
      <ForRole needs="operator">
        <div className="flex flex-wrap justify-center gap-2">
          <Link href="/tasks/new" className={buttonLook("primary")}>
            Create a task
          </Link>
          <button type="button" onClick={onArrange} className={buttonLook("plain")}>
            Choose what is shown
          </button>
        </div>
      </ForRole>
    </div>
  );
}
