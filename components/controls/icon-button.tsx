import type { ComponentProps } from "react";
import { cx } from "@/components/format/cx";
import { Hint } from "./hint";

type IconButtonProps = Omit<ComponentProps<"button">, "aria-label"> & { label: string; busy?: boolean };

/** A button that shows an icon only; its name is the hint and the accessible label. */
export function IconButton({ label, busy = false, className, ...rest }: IconButtonProps) {
  return (
    <Hint text={label}>
      <button
        type="button"
        aria-label={label}
        aria-busy={busy || undefined}
        {...rest}
        disabled={rest.disabled || busy}
        className={cx(
          "inline-flex size-8 items-center justify-center rounded-lg text-ink-2 transition-colors hover:bg-ink/7 hover:text-ink disabled:cursor-not-allowed disabled:opacity-45 [&_svg]:size-4",
          className,
        )}
      />
    </Hint>
  );
}
