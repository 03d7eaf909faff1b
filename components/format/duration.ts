/** A length of time: '0 ms', '120 ms', '4.2 s', '48 s', '3 min 20 s', '2 h 5 min', '4 d 3 h'. `seconds` ≥ 0. */
export function formatDuration(seconds: number): string {
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return pair(whole, 60, "min", "s");
  if (whole < 86_400) return pair(Math.round(whole / 60), 60, "h", "min");
  return pair(Math.round(whole / 3600), 24, "d", "h");
}

/** An age without fractions, for text that is read and not compared: '12 s', '3 min', '2 h', '5 d'. */
export function formatAge(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** '12 s ago'; 'now' for the last two seconds and for a clock that is a little ahead. */
export function formatAgo(at: number, now: number): string {
  return now - at < 2000 ? "now" : `${formatAge(now - at)} ago`;
}

/** The absolute moment, with its time zone: '2026-11-22 20:54:25 UTC'. `timeZone` undefined is the browser's. */
export function formatMoment(at: number, timeZone?: string): string {
  const parts = new Intl.DateTimeFormat("en-CA", {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    timeZoneName: "short",
    ...(timeZone === undefined ? {} : { timeZone }),
  }).formatToParts(at);
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.find((p) => p.type === type)?.value ?? "";
  return `${part("year")}-${part("month")}-${part("day")} ${part("hour")}:${part("minute")}:${part("second")} ${part("timeZoneName")}`;
}

function pair(total: number, size: number, large: string, small: string): string {
  const rest = total % size;
  const head = `${Math.floor(total / size)} ${large}`;
  return rest === 0 ? head : `${head} ${rest} ${small}`;
}
