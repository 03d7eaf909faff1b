"use client";

import { EllipsisVertical, Link2, LogOut, UserX } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { useRef, useState } from "react";
import { menuItemLook, menuLook } from "@/components/controls/menu-look";
import { formatPlural } from "@/components/format/count";
import { cx } from "@/components/format/cx";
import { Ago } from "@/components/live/ago";
import type { PersonView } from "@/server/people/person-store";
import type { Role } from "@/server/people/role";
import { ConfirmDialog } from "./confirm-dialog";
import { useMe } from "./me";
import { RoleSelect } from "./role-select";

type PersonRowProps = {
  person: PersonView;
  onRole: (role: Role) => void;
  onEndSessions: () => Promise<void>;
  onLink: () => Promise<void>;
  onDelete: () => Promise<void>;
};

/** One person, and what an administrator may do about them. */
export function PersonRow({ person, onRole, onEndSessions, onLink, onDelete }: PersonRowProps) {
  const { identity } = useMe();
  const [dialog, setDialog] = useState<"link" | "delete" | null>(null);
  const more = useRef<HTMLButtonElement>(null);
  const own = identity?.id === person.id;
  return (
    <li
      data-person={person.email}
      className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3 sm:flex-nowrap sm:px-5"
    >
      <div className="min-w-0 flex-1 basis-48">
        <p className="truncate font-medium">
          {person.name}
          {own && <span className="ml-1.5 text-xs font-normal text-ink-3">you</span>}
        </p>
        <p className="truncate text-xs text-ink-3">{person.email}</p>
      </div>
      <p className="order-last basis-full text-xs text-ink-3 sm:order-none sm:w-56 sm:basis-auto">
        <Presence person={person} />
      </p>
      <RoleSelect label={`Role of ${person.name}`} value={person.role} onChange={onRole} />
      <DropdownMenu.Root modal={false}>
        <DropdownMenu.Trigger
          ref={more}
          aria-label={`More actions for ${person.name}`}
          className="inline-flex size-8 items-center justify-center rounded-lg text-ink-2 hover:bg-ink/7 hover:text-ink"
        >
          <EllipsisVertical className="size-4" aria-hidden />
        </DropdownMenu.Trigger>
        <DropdownMenu.Portal>
          <DropdownMenu.Content align="end" sideOffset={4} className={menuLook}>
            <DropdownMenu.Item
              className={menuItemLook}
              disabled={person.sessions === 0}
              onSelect={() => void onEndSessions()}
            >
              <LogOut className="size-4 text-ink-3" aria-hidden />
              End all sessions
            </DropdownMenu.Item>
            <DropdownMenu.Item className={menuItemLook} onSelect={() => setDialog("link")}>
              <Link2 className="size-4 text-ink-3" aria-hidden />
              New link for a password…
            </DropdownMenu.Item>
            <DropdownMenu.Item className={cx(menuItemLook, "text-bad")} onSelect={() => setDialog("delete")}>
              <UserX className="size-4" aria-hidden />
              Remove…
            </DropdownMenu.Item>
          </DropdownMenu.Content>
        </DropdownMenu.Portal>
      </DropdownMenu.Root>
      <ConfirmDialog
        open={dialog === "link"}
        onClose={() => setDialog(null)}
        returnTo={more}
        title={`A new password for ${person.name}?`}
        text="You get a link to hand over. The password and all sessions that there are end now."
        word="Create the link"
        act={onLink}
      />
      <ConfirmDialog
        open={dialog === "delete"}
        onClose={() => setDialog(null)}
        returnTo={more}
        title={`Remove ${person.name}?`}
        text="All sessions and API tokens of this person end now. What they did stays in the audit."
        word="Remove"
        danger
        act={onDelete}
      />
    </li>
  );
}

function Presence({ person }: { person: PersonView }) {
  if (person.invitedUntil !== null && !person.canSignIn) return <>Invited, and has not come yet</>;
  if (!person.canSignIn) return <>The invitation has expired: create a new one</>;
  const sessions = person.sessions === 0 ? "not signed in" : formatPlural(person.sessions, "session");
  if (person.lastLoginAt === null) return <>Has never signed in</>;
  return (
    <>
      Last login <Ago at={person.lastLoginAt} /> · {sessions}
    </>
  );
}
