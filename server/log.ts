import { type Logger, pino } from "pino";
import { withoutSecrets } from "./errors/known-secrets.ts";
import { shownText } from "./errors/shown-text.ts";

/** One JSON object or one sentence for each entry. Secrets are cut out of both. */
export function openLog(
  form: "json" | "sentences",
  write: (line: string) => void = (line) => process.stdout.write(line),
): Logger {
  const redact = {
    paths: ["password", "*.password", "secret", "*.secret", "redisAuth", "*.redisAuth"],
    remove: true,
  };
  return pino(
    { base: null, redact, serializers: { err: plainError } },
    { write: form === "sentences" ? (line) => write(sentence(line)) : write },
  );
}

/** No more than this of an error: a Redis client's errors carry the arguments of their command, AUTH's too. */
function plainError(error: unknown): { message: string; stack: string | undefined } {
  return error instanceof Error
    ? { message: withoutSecrets(error.message), stack: withoutSecrets(error.stack ?? "") }
    : { message: withoutSecrets(String(error)), stack: undefined };
}

const levelNames: Record<number, string> = { 40: "warning: ", 50: "error: ", 60: "error: " };

function sentence(line: string): string {
  const { time, level, msg, err } = JSON.parse(line) as {
    time: number;
    level: number;
    msg: string;
    err?: { stack?: string };
  };
  const clock = new Date(time).toTimeString().slice(0, 8);
  const stack = err?.stack?.split("\n").map((line) => `${shownText(line)}\n`);
  return `${clock} ${levelNames[level] ?? ""}${shownText(msg)}\n${stack?.join("") ?? ""}`;
}
