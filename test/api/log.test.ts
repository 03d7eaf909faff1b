import { describe, expect, it } from "vitest";
import { openLog } from "../../server/log.ts";

function lines(dev: boolean, write: (log: ReturnType<typeof openLog>) => void): string {
  let text = "";
  write(
    openLog(dev, (line) => {
      text += line;
    }),
  );
  return text;
}

describe("the log", () => {
  it("is JSON in production and a sentence in development", () => {
    const say = (log: ReturnType<typeof openLog>) => log.warn({ path: "x" }, "Something is odd.");
    expect(JSON.parse(lines(false, say))).toMatchObject({ level: 40, msg: "Something is odd.", path: "x" });
    expect(lines(true, say)).toMatch(/^\d\d:\d\d:\d\d warning: Something is odd\.\n$/);
  });

  it.each([true, false])("holds no password, not even in an error's fields (dev: %s)", (dev) => {
    const error = Object.assign(new Error("refused"), { command: { name: "AUTH", args: ["hidden-word"] } });
    const text = lines(dev, (log) => {
      log.error({ err: error }, "It failed.");
      log.info({ password: "hidden-word", endpoint: { password: "hidden-word", host: "h" } }, "Said.");
    });
    expect(text).toContain("It failed.");
    expect(text).toContain("refused");
    expect(text).not.toContain("hidden-word");
  });
});
