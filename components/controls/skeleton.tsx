import { cx } from "@/components/format/cx";

/** A quiet block in the place of something that is being loaded. */
export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden className={cx("pulse rounded-md bg-ink/8", className)} />;
}
