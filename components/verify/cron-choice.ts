/** When a schedule is due, as it is chosen. */
export type CronChoice = {
  every: "day" | "hour" | "cron";
  /** hh:mm, for every day. */
  at: string;
  /** 0 to 59, for every hour. */
  minute: string;
  cron: string;
};

const two = (value: string) => value.padStart(2, "0");

export function choiceOf(cron: string): CronChoice {
  const [minute = "", hour = "", ...rest] = cron.split(/\s+/);
  const plain = (text: string) => /^\d{1,2}$/.test(text);
  const everyDay = rest.length === 3 && rest.every((field) => field === "*");
  const fields = { at: "03:00", minute: "0", cron };
  if (everyDay && plain(minute) && plain(hour))
    return { ...fields, every: "day", at: `${two(hour)}:${two(minute)}` };
  if (everyDay && plain(minute) && hour === "*") return { ...fields, every: "hour", minute };
  return { ...fields, every: "cron" };
}

export function cronOf({ every, at, minute, cron }: CronChoice): string {
  if (every === "cron") return cron.trim();
  if (every === "hour") return `${Number(minute)} * * * *`;
  const [hours, minutes] = at.split(":");
  return `${Number(minutes)} ${Number(hours)} * * *`;
}

/** e.g. 'Every day at 03:00'. */
export function cronText(cron: string): string {
  const { every, at, minute } = choiceOf(cron);
  if (every === "day") return `Every day at ${at}`;
  return every === "hour" ? `Every hour at minute ${minute}` : `By the expression ${cron}`;
}
