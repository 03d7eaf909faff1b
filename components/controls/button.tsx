import type { ComponentProps } from "react";
import { cx } from "@/components/format/cx";

const looks = {
  primary: "bg-river text-on-river hover:bg-river-strong border-transparent font-medium",
  plain: "bg-surface text-ink border-line-strong/50 hover:bg-sunken hover:border-line-strong",
  quiet: "border-transparent text-ink-2 hover:text-ink hover:bg-ink/6",
  danger: "border-transparent bg-bad text-surface hover:opacity-90 font-medium",
} as const;

/** The class names of a button, for links that look like one. */
export function buttonLook(look: keyof typeof looks = "plain", small = false): string {
  return cx(
    "inline-flex items-center justify-center gap-1.5 rounded-lg border whitespace-nowrap transition-colors select-none",
    "disabled:opacity-50 disabled:cursor-not-allowed aria-busy:opacity-70",
    small ? "h-8 px-2.5 text-[0.8125rem]" : "h-9 px-3.5 text-sm",
    looks[look],
  );
}

type ButtonProps = ComponentProps<"button"> & {
  look?: keyof typeof looks;
  small?: boolean;
  /** An action is under way: the button keeps its size, is announced as busy and takes no further click. */
  busy?: boolean;
};

export function Button({ look = "plain", small = false, busy = false, className, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      aria-busy={busy || undefined}
      {...rest}
      disabled={rest.disabled || busy}
      className={cx(buttonLook(look, small), className)}
    />
  );
}
