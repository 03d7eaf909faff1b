import { formatCount } from "@/components/format/count";

/** Says so while readers of the destination see keys that seem to live for ever; nothing where there are none. */
export function HeldBackExpiries({ count }: { count: number | null | undefined }) {
  if (count === undefined || count === 0) return null;
  const keys =
    count === null ? "an unknown number of keys" : `${formatCount(count)} ${count === 1 ? "key" : "keys"}`;
  return (
    <p className="mt-2 max-w-[70ch] text-[0.8125rem] text-ink-2" data-fact="expiries-held-back">
      The expiries of {keys} are held back. On the destination they are set far in the future until it is
      certain that the shard has not renewed them.
    </p>
  );
}
