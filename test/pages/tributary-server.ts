import { existsSync } from "node:fs";
import { join } from "node:path";
import { Child } from "../servers/child.ts";
import { freePort, temporaryFolder, until } from "../servers/index.ts";

const root = join(import.meta.dirname, "..", "..");
const main = join(root, "dist", "server", "main.js");

/** Tributary itself, as `npm start` runs it, on a free port with a data directory of its own. */
export class TributaryServer {
  readonly url: string;
  readonly #port: number;
  readonly #folder: string;
  readonly #env: Readonly<Record<string, string>>;
  #child: Child;

  private constructor(port: number, folder: string, env: Readonly<Record<string, string>>) {
    this.#env = env;
    this.url = `http://127.0.0.1:${port}`;
    this.#port = port;
    this.#folder = folder;
    this.#child = this.#launch();
  }

  /** Nobody has to sign in, unless `env` says TRIBUTARY_AUTH is on. */
  static async start(env: Readonly<Record<string, string>> = {}): Promise<TributaryServer> {
    if (!existsSync(main)) throw new Error("Tributary is not built. Build it: npm run build");
    const server = new TributaryServer(await freePort(), temporaryFolder(), env);
    await server.#ready();
    return server;
  }

  /** kill -9: what a crash looks like to the pages. */
  async kill(): Promise<void> {
    await this.#child.kill();
  }

  async startAgain(): Promise<void> {
    this.#child = this.#launch();
    await this.#ready();
  }

  async stop(): Promise<void> {
    await this.#child.kill("SIGTERM");
  }

  #launch(): Child {
    return new Child(process.execPath, ["--enable-source-maps", main], {
      directory: root,
      logFile: join(this.#folder, "tributary.log"),
      env: {
        NODE_ENV: "production",
        NEXT_TELEMETRY_DISABLED: "1",
        PORT: String(this.#port),
        HOST: "127.0.0.1",
        TRIBUTARY_AUTH: "off",
        ...this.#env,
        TRIBUTARY_DATA_DIR: join(this.#folder, "data"),
      },
    });
  }

  async #ready(): Promise<void> {
    await until(
      async () => {
        if (this.#child.exit !== null) {
          throw new Error(`Tributary ended with ${this.#child.exit}:\n${await this.#child.log()}`);
        }
        const answer = await fetch(`${this.url}/tasks`).catch(() => null);
        return answer?.ok === true;
      },
      { timeoutMs: 120_000, what: "Tributary shows its task list" },
    );
  }
}
