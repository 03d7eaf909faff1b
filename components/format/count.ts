const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 3 });

/** A whole number with thousands separators: '1,234,567'. The locale is fixed so that server and browser agree. */
export function formatCount(count: number): string {
  return grouped.format(count);
}

/** A number for narrow places: '1.23M', '987'. */
export function formatCompact(count: number): string {
  return Math.abs(count) < 10_000 ? grouped.format(count) : compact.format(count);
}

/** Things per second: '12,345/s', one decimal below 10: '3.4/s', '0/s'. */
export function formatRate(perSecond: number): string {
  if (perSecond > 0 && perSecond < 0.05) return "<0.1/s";
  if (perSecond < 9.95 && perSecond !== 0) return `${perSecond.toFixed(1)}/s`;
  return `${grouped.format(perSecond)}/s`;
}

/** A part of a whole as '42%'; it says 100% only when it is all, and 0% only when it is nothing. */
export function formatPercent(part: number, whole: number): string {
  if (whole <= 0) return "0%";
  const percent = (part / whole) * 100;
  if (percent >= 100) return "100%";
  if (percent > 0 && percent < 1) return "1%";
  return `${Math.min(99, Math.floor(percent))}%`;
}

/** '1 shard', '2 shards', '1,200 keys'. */
export function formatPlural(count: number, one: string, many = `${one}s`): string {
  return `${grouped.format(count)} ${count === 1 ? one : many}`;
}

/** A decimal string (an offset, past 2^53) with thousands separators: '12,345,678,901'. */
export function formatOffset(decimal: string): string {
  return decimal.replace(/\B(?=(\d{3})+$)/g, ",");
}
