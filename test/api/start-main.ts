import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { projectRoot } from "../../db/project-root.ts";

/** Tributary's own process, from its source; with the pages of development, of which none is asked for. */
export function startMain(env: Record<string, string>) {
  const child = spawn(process.execPath, ["--import", "tsx", join("server", "main.ts")], {
    cwd: projectRoot(),
    env: {
      ...process.env,
      NODE_ENV: "development",
      NEXT_TELEMETRY_DISABLED: "1",
      TRIBUTARY_AUTH: "off",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const exited = once(child, "exit").then(([code, signal]) => code ?? signal);
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  return { child, exited, output: () => output };
}
