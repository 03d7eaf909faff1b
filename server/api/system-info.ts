import { readFileSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { projectRoot } from "../../db/project-root.ts";

export type SystemInfo = {
  readonly version: string;
  readonly nodeVersion: string;
  readonly uptimeSeconds: number;
  readonly dataDirectory: string;
  /** Bytes; null where the file system does not say. */
  readonly dataDirectoryFreeBytes: number | null;
  /** Of the whole process, its worker threads included. */
  readonly memory: { readonly rssBytes: number; readonly heapUsedBytes: number };
};

/** Reads what is asked each time; the version once. */
export function systemInfoOf(dataDirectory: string): () => Promise<SystemInfo> {
  const { version } = JSON.parse(readFileSync(join(projectRoot(), "package.json"), "utf8")) as {
    version: string;
  };
  return async () => {
    const { rss, heapUsed } = process.memoryUsage();
    const disk = await statfs(dataDirectory).catch(() => null);
    return {
      version,
      nodeVersion: process.version,
      uptimeSeconds: Math.round(process.uptime()),
      dataDirectory,
      dataDirectoryFreeBytes: disk === null ? null : disk.bavail * disk.bsize,
      memory: { rssBytes: rss, heapUsedBytes: heapUsed },
    };
  };
}
