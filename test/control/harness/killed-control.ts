import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Control } from "../../../server/control/control.ts";
import { temporaryFolder } from "../../servers/index.ts";
import type { ControlAnswer } from "./control-process.ts";

type Calls = {
  [Name in keyof Control]: Control[Name] extends (...args: infer Args) => infer Answer
    ? (name: Name, ...args: Args) => Promise<Awaited<Answer>>
    : never;
}[keyof Control];

/** The control and its engine in a process of their own, which can be killed and started again on the same data. */
export class KilledControl {
  readonly #directory = temporaryFolder();
  readonly #waiting = new Map<number, (answer: ControlAnswer) => void>();
  #child: ChildProcess;
  #nextId = 1;

  constructor() {
    this.#child = this.#start();
    onTestFinished(() => this.kill());
  }

  #start(): ChildProcess {
    const child = fork(join(import.meta.dirname, "control-process.ts"), [this.#directory], {
      execArgv: ["--import", "tsx"],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    child.on("message", (answer: ControlAnswer) => {
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
    child.on("exit", () => {
      for (const [id, done] of this.#waiting) done({ id, error: "the process has ended" });
      this.#waiting.clear();
    });
    return child;
  }

  /** Calls one of the control's functions there. @throws Error with what it threw. */
  readonly call = (async (name: string, ...args: unknown[]) => {
    const id = this.#nextId++;
    const { answer, error } = await new Promise<ControlAnswer>((resolve) => {
      this.#waiting.set(id, resolve);
      this.#child.send({ id, name, args }, (failed) => {
        if (failed !== null) resolve({ id, error: failed.message });
      });
    });
    if (error !== undefined) throw new Error(error);
    return answer;
  }) as UnionToIntersection<Calls>;

  /** kill -9, and resolves when it has ended. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGKILL");
    await ended;
  }

  startAgain(): void {
    this.#child = this.#start();
  }
}

type UnionToIntersection<Union> = (Union extends unknown ? (one: Union) => void : never) extends (
  all: infer All,
) => void
  ? All
  : never;
