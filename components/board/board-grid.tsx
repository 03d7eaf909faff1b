"use client";

import { type CSSProperties, useEffect, useMemo, useRef, useState } from "react";
import type { StatusGroupView, StatusTask } from "@/server/control/views/status-board";
import { type BoardFit, boardFit, CELL_GAP } from "./board-fit";
import { cellsOf, columnsOf, commonBeginning } from "./board-words";
import { ShardCell } from "./shard-cell";
import { TaskCell } from "./task-cell";

type BoardGridProps = { groups: readonly StatusGroupView[]; linked: boolean; old: boolean };

/** All tasks and shards, as large as the window lets them be together. */
export function BoardGrid({ groups, linked, old }: BoardGridProps) {
  const frame = useRef<HTMLDivElement>(null);
  const room = useRoom(frame);
  const headings = groups.length > 1 || groups[0]?.name != null ? groups.length : 0;
  const spans = groups.map(({ tasks }) =>
    tasks.flatMap((task) => [columnsOf(task), ...cellsOf(task).map(() => 1)]),
  );
  const spansKey = JSON.stringify(spans);
  const fit = useMemo(
    () => boardFit(room, JSON.parse(spansKey) as number[][], headings),
    [room, spansKey, headings],
  );
  return (
    <div ref={frame} className="min-h-0 flex-1" style={styleOf(fit)}>
      {groups.map(({ name, tasks }) => (
        <section key={name ?? ""} aria-label={name ?? "Tasks"} className="not-first:mt-1.5">
          {headings > 0 && (
            <h2
              style={{ height: fit.heading, fontSize: fit.heading * 0.5 }}
              className="flex items-end truncate pb-1.5 leading-tight font-semibold tracking-[-0.01em]"
            >
              {name ?? "Other tasks"}
            </h2>
          )}
          <ul className="grid auto-rows-(--row) grid-cols-(--columns)" style={{ gap: CELL_GAP }}>
            {tasks.map((task) => (
              <TaskCells key={task.id} task={task} letters={fit.letters} linked={linked} old={old} />
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

type TaskCellsProps = { task: StatusTask; letters: number; linked: boolean; old: boolean };

function TaskCells({ task, letters, linked, old }: TaskCellsProps) {
  const shards = cellsOf(task);
  const cut = commonBeginning(shards.map(({ name }) => name)).length;
  return (
    <>
      <TaskCell task={task} linked={linked} old={old} />
      {shards.map((shard) => (
        <ShardCell
          key={shard.id}
          shard={shard}
          label={shard.name.length <= letters ? shard.name : shard.name.slice(cut)}
          taskName={task.name}
          old={old}
        />
      ))}
    </>
  );
}

function styleOf(fit: BoardFit): CSSProperties {
  return {
    "--columns": `repeat(${fit.columns}, minmax(0, 1fr))`,
    "--row": `${fit.rowHeight}px`,
    "--figure": `${fit.figure}px`,
    "--words": `${fit.words}px`,
  } as CSSProperties;
}

type Room = { readonly width: number; readonly height: number };

/** What the window leaves below the board's head. The server does not know it, and takes a usual one. */
function useRoom(frame: { readonly current: HTMLDivElement | null }): Room {
  const [room, setRoom] = useState<Room>({ width: 1380, height: 700 });
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const measure = () => {
      const { width, top } = element.getBoundingClientRect();
      const height = window.innerHeight - (top + window.scrollY) - 16;
      setRoom((before) => (before.width === width && before.height === height ? before : { width, height }));
    };
    const observer = new ResizeObserver(measure);
    // The head grows and shrinks with what it says.
    observer.observe(document.body);
    observer.observe(element);
    window.addEventListener("resize", measure);
    measure();
    return () => {
      observer.disconnect();
      window.removeEventListener("resize", measure);
    };
  }, [frame]);
  return room;
}
