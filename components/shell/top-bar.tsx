import Link from "next/link";
import { ForRole } from "@/components/people/me";
import { NoLoginBanner } from "@/components/people/no-login-banner";
import { UserMenu } from "@/components/people/user-menu";
import { Logo } from "./logo";
import { ShortcutsButton } from "./shortcuts";
import { ThemeMenu } from "./theme-menu";

/** The bar above every page. */
export function TopBar() {
  return (
    <header className="sticky top-0 z-20 border-b bg-surface/85 backdrop-blur-md">
      <div className="mx-auto flex h-13 max-w-[84rem] items-center gap-6 px-4 sm:px-6">
        <Link
          href="/tasks"
          className="flex items-center gap-2 rounded-md text-[0.9375rem] font-semibold tracking-[-0.015em]"
        >
          <Logo className="size-6 text-river" />
          Tributary
        </Link>
        <ForRole needs="viewer">
          <nav aria-label="Main" className="flex gap-4">
            <Link href="/tasks" className="rounded-md px-1 py-1 text-ink-2 hover:text-ink">
              Tasks
            </Link>
            <Link href="/status" className="rounded-md px-1 py-1 text-ink-2 hover:text-ink">
              Status
            </Link>
          </nav>
        </ForRole>
        <div className="ml-auto flex items-center gap-1">
          <ShortcutsButton />
          <ThemeMenu />
          <UserMenu />
        </div>
      </div>
      <NoLoginBanner />
    </header>
  );
}
