import { randomBytes } from "node:crypto";
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
  /** With which one signs in, as `demoEmail`. */
  readonly password: string;
  /** null until the task is created. */
  readonly taskId: string | null;
};

export const demoEmail = "demo@tributary.example";

/** The state of an earlier run in this folder; null where there was none. */
export function readState(folder: string): DemoState | null {
  try {
    const state = JSON.parse(readFileSync(join(folder, "demo.json"), "utf8")) as DemoState;
    // One of an earlier version has none, and nobody who could sign in.
    return { ...state, password: state.password ?? newPassword() };
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
    password: newPassword(),
    taskId: null,
  };
}

function newPassword(): string {
  return randomBytes(12).toString("base64url");
}
