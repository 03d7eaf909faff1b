import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { onProcessEnd } from "./process-end.ts";
import { isExecutable } from "./required-binary.ts";

const running = new Set<Child>();
let registered = false;
const setpriv = "/usr/bin/setpriv";
const diesWithParent = process.platform === "linux" && isExecutable(setpriv);

/**
 * A program that never outlives this process. Its output goes to a file. It is killed when this process exits,
 * and by the kernel (PR_SET_PDEATHSIG) when this process is killed with -9.
 */
export class Child {
  readonly logFile: string;
  readonly exited: Promise<void>;
  readonly #process: ChildProcess;
  #exit: string | null = null;

  /** @param options.logFile what the program prints is appended here; options.env is added to this process's own. */
  constructor(
    binary: string,
    args: readonly string[],
    options: { logFile: string; directory: string; env?: Readonly<Record<string, string>> },
  ) {
    this.logFile = options.logFile;
    const log = openSync(options.logFile, "a");
    const [command, commandArgs] = diesWithParent
      ? [setpriv, ["--pdeathsig", "KILL", "--", binary, ...args]]
      : [binary, [...args]];
    this.#process = spawn(command, commandArgs, {
      cwd: options.directory,
      stdio: ["ignore", log, log],
      env: { ...process.env, ...options.env },
    });
    closeSync(log);
    this.exited = new Promise((resolve) => {
      const ended = (how: string) => {
        this.#exit ??= how;
        running.delete(this);
        resolve();
      };
      this.#process.once("error", (error) => ended(error.message));
      this.#process.once("exit", (code, signal) => ended(signal ?? `exit code ${code}`));
    });
    this.#register();
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** How it ended, e.g. `exit code 1` or `SIGKILL`; null while it runs. */
  get exit(): string | null {
    return this.#exit;
  }

  /** Sends a signal and waits for the end. With a signal that does not end it (SIGSTOP) use process.kill. */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    if (this.#exit === null) this.#process.kill(signal);
    await this.exited;
  }

  killNow(): void {
    if (this.#exit === null) this.#process.kill("SIGKILL");
  }

  async log(): Promise<string> {
    return await readFile(this.logFile, "utf8");
  }

  #register(): void {
    running.add(this);
    if (registered) return;
    registered = true;
    onProcessEnd(() => {
      for (const child of running) child.killNow();
    });
  }
}
