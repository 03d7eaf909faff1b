import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import next from "next";
import { projectRoot } from "../db/project-root.ts";
import type { Pages } from "./api/http-server.ts";
import { TributaryError } from "./errors/tributary-error.ts";

/**
 * Next, which renders the pages and nothing else. In production it needs what `npm run build` made. Requests
 * that come before `prepare` has ended wait for it.
 * @throws TributaryError PAGES_NOT_BUILT from prepare
 */
export function openPages(options: { dev: boolean; host: string; port: number }): Pages & {
  prepare: () => Promise<void>;
} {
  // Next listens for upgrades on the server it is given, and would answer those of the API as well: it gets
  // a server that never listens, and hears from it what is Next's.
  const upgrades = createServer();
  const dir = projectRoot();
  const app = next({
    dev: options.dev,
    dir,
    hostname: options.host,
    port: options.port,
    httpServer: upgrades,
  });
  let prepared: Promise<void> | null = null;
  const prepare = () => {
    prepared ??= checkBuild(options.dev, dir).then(() => app.prepare());
    return prepared;
  };
  return {
    prepare,
    request: (request, response) => {
      if (!decodes(request.url)) request.url = NOWHERE;
      void prepare().then(() => app.getRequestHandler()(request, response));
    },
    upgrade: (request, socket, head) => {
      if (!upgrades.emit("upgrade", request, socket, head)) socket.destroy();
    },
  };
}

/** No page's address: what Next shows there is the not-found page. */
const NOWHERE = "/not-found";

/** Whether a path is one at all: Next answers `%zz` with an error of its own, before any page has its turn. */
function decodes(url = "/"): boolean {
  try {
    decodeURIComponent(url.split("?")[0]!);
    return true;
  } catch {
    return false;
  }
}

async function checkBuild(dev: boolean, dir: string): Promise<void> {
  const directory = join(dir, ".next");
  if (!dev && !existsSync(join(directory, "BUILD_ID")))
    throw new TributaryError("PAGES_NOT_BUILT", { directory });
}
