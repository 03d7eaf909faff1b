type ProgressBarProps = {
  label: string;
  /** null shows that something goes on without saying how far it is: stripes, which no part of a bar looks like. */
  fraction: number | null;
  /** A line below the bar: received but not yet applied. It never makes an empty bar look full. */
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
      {fraction === null ? (
        <div className="waiting absolute inset-0" />
      ) : (
        <>
          {ahead !== null && (
            <div
              className="absolute bottom-0 left-0 h-0.5 bg-river/60 transition-[width] duration-500"
              style={{ width: `${clamp(ahead) * 100}%` }}
            />
          )}
          <div
            className="absolute inset-y-0 left-0 rounded-full bg-river transition-[width] duration-500"
            style={{ width: `${clamp(fraction) * 100}%` }}
          />
        </>
      )}
    </div>
  );
}
