import { describe, expect, it } from "vitest";
import { openLog } from "../../server/log.ts";

function lines(form: "json" | "sentences", write: (log: ReturnType<typeof openLog>) => void): string {
  let text = "";
  write(
    openLog(form, (line) => {
      text += line;
    }),
  );
  return text;
}

describe("the log", () => {
  it("is JSON or sentences", () => {
    const say = (log: ReturnType<typeof openLog>) => log.warn({ path: "x" }, "Something is odd.");
    expect(JSON.parse(lines("json", say))).toMatchObject({ level: 40, msg: "Something is odd.", path: "x" });
    expect(lines("sentences", say)).toMatch(/^\d\d:\d\d:\d\d warning: Something is odd\.\n$/);
  });

  it.each(["json", "sentences"] as const)("holds no password, not even in an error's fields (%s)", (form) => {
    const error = Object.assign(new Error("refused"), { command: { name: "AUTH", args: ["hidden-word"] } });
    const text = lines(form, (log) => {
      log.error({ err: error }, "It failed.");
      log.info({ password: "hidden-word", endpoint: { password: "hidden-word", host: "h" } }, "Said.");
    });
    expect(text).toContain("It failed.");
    expect(text).toContain("refused");
    expect(text).not.toContain("hidden-word");
  });
});
