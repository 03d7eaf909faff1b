import type { ReactNode } from "react";
import { Card } from "@/components/controls/card";

type FormSectionProps = { step: number; title: string; aside?: ReactNode; children: ReactNode };

/** One step of the form. */
export function FormSection({ step, title, aside, children }: FormSectionProps) {
  return (
    <Card className="p-4 sm:p-6">
      <div className="mb-4 flex flex-wrap items-center justify-between gap-3">
        <h2 className="flex items-center gap-2.5 text-[0.9375rem] font-semibold tracking-[-0.01em]">
          <span className="inline-flex size-6 items-center justify-center rounded-full bg-river-soft text-xs text-river">
            {step}
          </span>
          {title}
        </h2>
        {aside}
      </div>
      {children}
    </Card>
  );
}
