"use client";

import { Tooltip } from "radix-ui";
import type { ReactNode } from "react";

/** A short text next to its child on hover and on keyboard focus. The child must be able to take focus. */
export function Hint({ text, children }: { text: ReactNode; children: ReactNode }) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content
          sideOffset={6}
          collisionPadding={12}
          className="z-50 max-w-72 animate-[fade_120ms_ease-out] rounded-md bg-ink px-2.5 py-1.5 text-xs leading-snug text-ground shadow-high"
        >
          {text}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
