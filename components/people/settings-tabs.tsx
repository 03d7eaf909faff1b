"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import { cx } from "@/components/format/cx";
import { useMay, useMe } from "./me";

/** The pages of settings that somebody may open. */
export function SettingsTabs() {
  const path = usePathname();
  const { login } = useMe();
  const admin = useMay("admin");
  const tabs = [
    ...(login === "off" ? [] : [{ href: "/settings/account", word: "Your account" }]),
    ...(login === "off" ? [] : [{ href: "/settings/tokens", word: "API tokens" }]),
    ...(admin && login === "on" ? [{ href: "/settings/people", word: "People" }] : []),
    ...(admin && login === "on" ? [{ href: "/settings/masking", word: "Viewers" }] : []),
    ...(admin ? [{ href: "/settings/status", word: "Status and links" }] : []),
    ...(admin ? [{ href: "/settings/audit", word: "Audit" }] : []),
  ];
  return (
    <nav aria-label="Settings" className="-mx-1 mb-5 flex gap-1 overflow-x-auto border-b px-1">
      {tabs.map(({ href, word }) => (
        <Link
          key={href}
          href={href}
          aria-current={path === href ? "page" : undefined}
          className={cx(
            "-mb-px border-b-2 px-2.5 py-2 text-sm whitespace-nowrap",
            path === href
              ? "border-river font-medium text-ink"
              : "border-transparent text-ink-2 hover:text-ink",
          )}
        >
          {word}
        </Link>
      ))}
    </nav>
  );
}
