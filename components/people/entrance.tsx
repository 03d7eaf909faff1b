import type { ReactNode } from "react";
import { Card } from "@/components/controls/card";
import { Logo } from "@/components/shell/logo";

type EntranceProps = { title: string; text: ReactNode; children: ReactNode };

/** The one form of a page that stands before the login. */
export function Entrance({ title, text, children }: EntranceProps) {
  return (
    <div className="mx-auto flex max-w-sm flex-col items-center pt-6 sm:pt-14">
      <Logo className="mb-4 size-12 text-river-line" />
      <h1 className="text-center text-xl font-semibold tracking-[-0.015em] text-balance">{title}</h1>
      <div className="mt-2 text-center text-pretty text-ink-2">{text}</div>
      <Card className="mt-6 w-full p-5 sm:p-6">{children}</Card>
    </div>
  );
}
