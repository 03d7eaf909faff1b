import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../test/servers/free-port.ts";

/** What a kept demo needs to go on: its ports are part of the task, so that they stay the same. */
export type DemoState = {
  readonly ports: {
    readonly shards: readonly number[];
    readonly replica: number;
    readonly nutcracker: number;
    readonly destination: number;
    readonly tributary: number;
  };
  /** null until the task is created. */
  readonly taskId: string | null;
};

/** The state of an earlier run in this folder; null where there was none. */
export function readState(folder: string): DemoState | null {
  try {
    return JSON.parse(readFileSync(join(folder, "demo.json"), "utf8")) as DemoState;
  } catch {
    return null;
  }
}

export function writeState(folder: string, state: DemoState): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "demo.json"), `${JSON.stringify(state, null, 2)}\n`);
}

export async function newState(): Promise<DemoState> {
  return {
    ports: {
      shards: [await freePort(), await freePort()],
      replica: await freePort(),
      nutcracker: await freePort(),
      destination: await freePort(),
      tributary: await freePort(),
    },
    taskId: null,
  };
}
