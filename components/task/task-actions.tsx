"use client";

import { EllipsisVertical, Flag, Pause, Play, RotateCw, Share2, TextCursorInput, Trash2 } from "lucide-react";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { DropdownMenu } from "radix-ui";
import { type ReactNode, useRef, useState } from "react";
import { Button, buttonLook } from "@/components/controls/button";
import { IconButton } from "@/components/controls/icon-button";
import { menuItemLook, menuLook } from "@/components/controls/menu-look";
import { cx } from "@/components/format/cx";
import { ForRole, useMay } from "@/components/people/me";
import type { TaskAction } from "@/server/control/tasks/task-record";
import type { TaskRow } from "@/server/control/views/task-view";
import { AgainDialog } from "./again-dialog";
import { DeleteDialog } from "./delete-dialog";
import { RenameDialog } from "./rename-dialog";
import { mayResync, ResyncDialog } from "./resync-dialog";
import { mayConfirm, StartDialog } from "./start-dialog";
import { type PlainAction, useTaskActions } from "./use-task-actions";

type TaskActionsProps = {
  task: Pick<
    TaskRow,
    "id" | "name" | "status" | "reason" | "actions" | "destinationLabel" | "lag" | "cutover"
  >;
  /** With words beside the icons, for the task's own page. */
  words?: boolean;
};

const direct = [
  { action: "start", word: "Start", icon: <Play /> },
  { action: "resume", word: "Resume", icon: <Play /> },
  { action: "pause", word: "Pause", icon: <Pause /> },
] as const;

const again = { action: "start", word: "Copy again…", icon: <RotateCw /> } as const;

const asking = { action: "start", word: "Start…", icon: <Play /> } as const;

/** What can be done with a task now; who may only look is told so on the task's own page. */
export function TaskActions(props: TaskActionsProps) {
  const note = <span className="text-xs text-ink-3">You may look. Operators can change it.</span>;
  return (
    <ForRole needs="operator" otherwise={props.words ? note : null}>
      <OperatorActions {...props} />
    </ForRole>
  );
}

/** One direct action, and a menu for the rarer and the final ones. */
function OperatorActions({ task, words = false }: TaskActionsProps) {
  const admin = useMay("admin");
  const { act, busy } = useTaskActions(task);
  const [dialog, setDialog] = useState<"delete" | "rename" | "resync" | "again" | "confirm" | null>(null);
  const can = (action: TaskAction) => task.actions.includes(action);
  const resync = mayResync(task, task.reason);
  const confirm = mayConfirm(task);
  const start = resync ? again : confirm ? asking : direct[0];
  const actions = direct.map((each) => (each.action === "start" ? start : each));
  const close = () => setDialog(null);
  const router = useRouter();
  const cutover = `/tasks/${task.id}/cutover`;
  const cutsOver = can("stop") || task.cutover !== null;
  const more = useRef<HTMLButtonElement>(null);
  const run = (action: PlainAction) => {
    if (action === "start" && (resync || confirm)) setDialog(resync ? "resync" : "confirm");
    else void act(action);
  };

  return (
    <div className="relative z-10 flex items-center justify-end gap-1">
      {actions.map(({ action, word, icon }) =>
        !can(action) ? null : words ? (
          <Button
            key={action}
            busy={busy !== null}
            onClick={() => run(action)}
            look={action === "pause" ? "plain" : "primary"}
            className="[&_svg]:size-4"
          >
            {icon}
            {word}
          </Button>
        ) : (
          <IconButton
            key={action}
            label={word === again.word ? `Synchronize ${task.name} again…` : `${word} ${task.name}`}
            busy={busy !== null}
            onClick={() => run(action)}
          >
            {icon}
          </IconButton>
        ),
      )}
      {words && cutsOver && (
        <Link
          href={cutover}
          className={cx(buttonLook(task.cutover === null ? "plain" : "primary"), "[&_svg]:size-4")}
        >
          <Flag aria-hidden />
          {task.cutover === null ? "Cut over" : "Go on with the cutover"}
        </Link>
      )}
      <DropdownMenu.Root modal={false}>
        <DropdownMenu.Trigger
          ref={more}
          aria-label={`More actions for ${task.name}`}
          className={cx(
            "inline-flex items-center justify-center rounded-lg text-ink-2 hover:bg-ink/7 hover:text-ink",
            words ? "size-9" : "size-8",
          )}
        >
          <EllipsisVertical className="size-4" aria-hidden />
        </DropdownMenu.Trigger>
        <DropdownMenu.Portal>
          <DropdownMenu.Content align="end" sideOffset={4} className={menuLook}>
            <MenuItem icon={<TextCursorInput />} onSelect={() => setDialog("rename")}>
              Rename…
            </MenuItem>
            <MenuItem icon={<Share2 />} onSelect={() => router.push(`/tasks/${task.id}/sharing`)}>
              Share…
            </MenuItem>
            {!words && (
              <MenuItem icon={<Flag />} disabled={!cutsOver} onSelect={() => router.push(cutover)}>
                Cut over
              </MenuItem>
            )}
            <MenuItem icon={<RotateCw />} disabled={!can("resync")} onSelect={() => setDialog("again")}>
              Synchronize again…
              {!can("resync") && <span className="ml-auto pl-3 text-xs text-ink-3">while it runs</span>}
            </MenuItem>
            <MenuItem
              icon={<Trash2 />}
              disabled={!can("delete") || !admin}
              onSelect={() => setDialog("delete")}
              danger
            >
              Delete…
              {!admin && <WhyNot />}
              {admin && !can("delete") && (
                <span className="ml-auto pl-3 text-xs text-ink-3">pause it first</span>
              )}
            </MenuItem>
          </DropdownMenu.Content>
        </DropdownMenu.Portal>
      </DropdownMenu.Root>
      <DeleteDialog
        task={task}
        open={dialog === "delete"}
        onClose={close}
        returnTo={more}
        act={(reason) => act("delete", reason)}
      />
      <ResyncDialog
        task={task}
        open={dialog === "resync"}
        onClose={close}
        returnTo={more}
        act={() => act("start")}
      />
      {dialog === "again" && <AgainDialog task={task} shard={null} onClose={close} />}
      {dialog === "confirm" && <StartDialog task={task} onClose={close} />}
      <RenameDialog task={task} open={dialog === "rename"} onClose={close} returnTo={more} />
    </div>
  );
}

function WhyNot() {
  return <span className="ml-auto pl-3 text-xs text-ink-3">for administrators</span>;
}

type MenuItemProps = {
  icon: ReactNode;
  children: ReactNode;
  onSelect: () => void;
  disabled?: boolean;
  danger?: boolean;
};

function MenuItem({ icon, children, onSelect, disabled = false, danger = false }: MenuItemProps) {
  return (
    <DropdownMenu.Item
      disabled={disabled}
      onSelect={onSelect}
      className={cx(menuItemLook, "[&_svg]:size-4", danger ? "text-bad" : "[&_svg]:text-ink-3")}
    >
      {icon}
      {children}
    </DropdownMenu.Item>
  );
}
