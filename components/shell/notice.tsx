import type { ReactNode } from "react";
import { Logo } from "./logo";

type NoticeProps = { title: string; children: ReactNode; actions?: ReactNode };

/** A page that has nothing to show but a sentence and the next step. */
export function Notice({ title, children, actions }: NoticeProps) {
  return (
    <div className="mx-auto flex max-w-lg flex-col items-center px-2 py-20 text-center">
      <Logo className="mb-5 size-12 text-river-line" />
      <h1 className="text-xl font-semibold tracking-[-0.015em] text-balance">{title}</h1>
      <div className="mt-2 space-y-2 text-pretty text-ink-2">{children}</div>
      {actions !== undefined && <div className="mt-6 flex flex-wrap justify-center gap-2">{actions}</div>}
    </div>
  );
}
