import { cx } from "@/components/format/cx";

type ProgressBarProps = {
  label: string;
  /** null shows that something goes on without saying how far it is. */
  fraction: number | null;
  /** A second, paler part behind the first: received but not yet applied. */
  ahead?: number | null;
};

/** A bar from 0 to 1 that keeps its height whatever it says. */
export function ProgressBar({ label, fraction, ahead = null }: ProgressBarProps) {
  const clamp = (value: number) => Math.max(0, Math.min(1, value));
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      {...(fraction === null ? {} : { "aria-valuenow": Math.round(clamp(fraction) * 100) })}
      className="relative h-2 w-full overflow-hidden rounded-full bg-ink/8"
    >
      {ahead !== null && (
        <div
          className="absolute inset-y-0 left-0 rounded-full bg-river/30 transition-[width] duration-500"
          style={{ width: `${clamp(ahead) * 100}%` }}
        />
      )}
      <div
        className={cx(
          "absolute inset-y-0 left-0 rounded-full bg-river transition-[width] duration-500",
          fraction === null && "pulse opacity-40",
        )}
        style={{ width: fraction === null ? "100%" : `${clamp(fraction) * 100}%` }}
      />
    </div>
  );
}
