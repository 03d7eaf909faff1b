import type { ComponentProps } from "react";
import { cx } from "@/components/format/cx";

export const inputLook =
  "w-full rounded-lg border border-line-strong bg-surface px-3 text-sm text-ink transition-colors placeholder:text-ink-3 hover:border-ink-3 aria-invalid:border-bad disabled:opacity-60";

/** One line of text. `mono` for addresses and other things that a machine reads. */
export function TextInput({
  mono = false,
  className,
  ...rest
}: ComponentProps<"input"> & { mono?: boolean }) {
  return (
    <input
      type="text"
      autoComplete="off"
      autoCorrect="off"
      spellCheck={false}
      {...rest}
      className={cx(inputLook, "h-9", mono && "font-mono text-[0.8125rem]", className)}
    />
  );
}
