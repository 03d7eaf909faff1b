import { Cron } from "croner";
import { TributaryError } from "../../errors/tributary-error.ts";

/** When a task is verified by itself. */
export type CronTime = {
  /** Minute, hour, day of the month, month, day of the week. */
  readonly cron: string;
  /** IANA name, e.g. 'Europe/Berlin'. */
  readonly timeZone: string;
};

/**
 * The next time after `after`, in ms since the epoch; null where there is none.
 * @throws TributaryError INPUT_INVALID for what is no expression, or no time zone.
 */
export function nextTime({ cron, timeZone }: CronTime, after: number): number | null {
  try {
    new Intl.DateTimeFormat("en", { timeZone });
  } catch {
    throw wrong("timeZone", `${timeZone} is no time zone that is known here`);
  }
  // It knows words such as @daily besides: these have no five fields to be shown.
  if (cron.trim().split(/\s+/).length !== 5)
    throw wrong("cron", "it takes five fields: minute, hour, day of the month, month, day of the week");
  try {
    const pattern = new Cron(cron.trim(), { timezone: timeZone, mode: "5-part", paused: true });
    return pattern.nextRun(new Date(after))?.getTime() ?? null;
  } catch (error) {
    throw wrong("cron", (error as Error).message.replace(/^CronPattern: /, ""));
  }
}

/** The next few. */
export function nextTimes(time: CronTime, after: number, most: number): number[] {
  const times: number[] = [];
  while (times.length < most) {
    const next = nextTime(time, times.at(-1) ?? after);
    if (next === null) break;
    times.push(next);
  }
  return times;
}

function wrong(path: string, detail: string): TributaryError {
  const field = path === "cron" ? "The cron expression" : "The time zone";
  return new TributaryError("INPUT_INVALID", { field, path, detail });
}
