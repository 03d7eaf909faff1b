import { join } from "node:path";
import { Child } from "../../test/servers/child.ts";
import { until } from "../../test/servers/until.ts";
import { type Part, subfolder } from "./demo-servers.ts";

/**
 * Starts the built Tributary on a port and a data directory of its own, with an administrator, and waits until it serves.
 * Returns its URL.
 */
export async function startTributary(
  root: string,
  folder: string,
  port: number,
  admin: { readonly email: string; readonly password: string },
  started: (part: Part) => void,
): Promise<string> {
  const dataDirectory = subfolder(folder, "data");
  const child = new Child(
    process.execPath,
    ["--enable-source-maps", join(root, "dist", "server", "main.js")],
    {
      directory: root,
      logFile: join(folder, "tributary.log"),
      env: {
        NODE_ENV: "production",
        NEXT_TELEMETRY_DISABLED: "1",
        HOST: "127.0.0.1",
        PORT: String(port),
        TRIBUTARY_DATA_DIR: dataDirectory,
        TRIBUTARY_ADMIN_EMAIL: admin.email,
        TRIBUTARY_ADMIN_PASSWORD: admin.password,
      },
    },
  );
  started({
    name: "Tributary",
    exited: child.exited,
    exit: () => child.exit,
    log: () => child.log(),
    kill: (signal) => child.kill(signal),
  });
  const url = `http://127.0.0.1:${port}`;
  await until(async () => child.exit !== null || (await fetch(`${url}/api/health`)).ok, {
    what: "Tributary serves its pages",
    timeoutMs: 60_000,
    everyMs: 100,
  });
  if (child.exit !== null)
    throw new Error(`Tributary ended at its start (${child.exit}):\n${await child.log()}`);
  return url;
}
