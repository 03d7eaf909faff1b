import { onTestFinished, TestRunner } from "vitest";
import { Nutcracker, type NutcrackerOptions } from "./nutcracker.ts";
import { RedisServer, type RedisServerOptions } from "./redis-server.ts";
import { Sentinel, type SentinelOptions } from "./sentinel.ts";
import { makeTemporaryFolder, removeTemporaryFolder } from "./temporary-folder.ts";

/**
 * Real servers for tests. What is started inside a test ends with that test; what is started in a hook or at the
 * top of a file ends after the file's tests. Programs outside vitest use RedisServer and Nutcracker themselves.
 */
export { freePort } from "./free-port.ts";
export type { Nutcracker } from "./nutcracker.ts";
export type { RedisServer } from "./redis-server.ts";
export { until } from "./until.ts";

export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const server = await RedisServer.start(options);
  atEnd(() => server.stop());
  return server;
}

export async function startNutcracker(options: NutcrackerOptions): Promise<Nutcracker> {
  const nutcracker = await Nutcracker.start(options);
  atEnd(() => nutcracker.stop());
  return nutcracker;
}

export async function startSentinel(options: SentinelOptions): Promise<Sentinel> {
  const sentinel = await Sentinel.start(options);
  atEnd(() => sentinel.stop());
  return sentinel;
}

/** An empty folder that is removed at the end of the test (or of the file, outside a test). */
export function temporaryFolder(): string {
  const folder = makeTemporaryFolder();
  atEnd(async () => removeTemporaryFolder(folder));
  return folder;
}

const endOfFile: (() => Promise<void>)[] = [];

/** Called once after each test file by the setup file. */
export async function stopServersOfFile(): Promise<void> {
  for (const stop of endOfFile.splice(0).reverse()) await stop();
}

function atEnd(stop: () => Promise<void>): void {
  if (TestRunner.getCurrentTest() === undefined) endOfFile.push(stop);
  else onTestFinished(stop);
}
