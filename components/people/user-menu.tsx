"use client";

import { KeyRound, LogOut, ScrollText, UserRound, Users } from "lucide-react";
import Link from "next/link";
import { DropdownMenu } from "radix-ui";
import { menuItemLook, menuLook } from "@/components/controls/menu-look";
import { cx } from "@/components/format/cx";
import { useMay, useMe } from "./me";
import { roleWord } from "./role-words";
import { signOut } from "./sign-out";

/** Who is signed in, and what belongs to them. */
export function UserMenu() {
  const { identity, login } = useMe();
  const admin = useMay("admin");
  if (identity === null && login === "on") return null;
  const links = [
    ...(identity === null ? [] : [{ href: "/settings/account", word: "Your account", icon: UserRound }]),
    ...(identity === null ? [] : [{ href: "/settings/tokens", word: "API tokens", icon: KeyRound }]),
    ...(admin && identity !== null ? [{ href: "/settings/people", word: "People", icon: Users }] : []),
    ...(admin ? [{ href: "/settings/audit", word: "Audit", icon: ScrollText }] : []),
  ];
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger
        aria-label={identity === null ? "Settings" : `Signed in as ${identity.name}`}
        className="inline-flex size-8 items-center justify-center rounded-full bg-river-soft text-xs font-semibold text-river uppercase hover:bg-ink/10"
      >
        {identity === null ? <UserRound className="size-4" aria-hidden /> : identity.name.slice(0, 1)}
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content align="end" sideOffset={6} className={cx(menuLook, "max-w-72")}>
          <div className="border-b px-2.5 pt-1.5 pb-2 text-sm">
            <p className="truncate font-medium">{identity?.name ?? "Nobody signs in"}</p>
            <p className="text-xs text-ink-3">
              {identity === null ? "TRIBUTARY_AUTH is off" : roleWord(identity.role)}
            </p>
          </div>
          <div className="pt-1">
            {links.map(({ href, word, icon: Icon }) => (
              <DropdownMenu.Item key={href} asChild>
                <Link href={href} className={menuItemLook}>
                  <Icon className="size-4 text-ink-3" aria-hidden />
                  {word}
                </Link>
              </DropdownMenu.Item>
            ))}
            {identity !== null && (
              <DropdownMenu.Item className={menuItemLook} onSelect={() => void signOut()}>
                <LogOut className="size-4 text-ink-3" aria-hidden />
                Sign out
              </DropdownMenu.Item>
            )}
          </div>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
