import { createServer } from "node:http";
import next from "next";
import { projectRoot } from "../db/project-root.ts";
import type { Pages } from "./api/http-server.ts";

/** Next, which renders the pages and nothing else. In production it needs what `npm run build` made. */
export async function openPages(options: { dev: boolean; host: string; port: number }): Promise<Pages> {
  // Next listens for upgrades on the server it is given, and would answer those of the API as well: it gets
  // a server that never listens, and hears from it what is Next's.
  const upgrades = createServer();
  const app = next({
    dev: options.dev,
    dir: projectRoot(),
    hostname: options.host,
    port: options.port,
    httpServer: upgrades,
  });
  await app.prepare();
  const handle = app.getRequestHandler();
  return {
    request: (request, response) => void handle(request, response),
    upgrade: (request, socket, head) => {
      if (!upgrades.emit("upgrade", request, socket, head)) socket.destroy();
    },
  };
}
