import type { Server } from "node:http";
import type { Logger } from "pino";
import { openDatabase } from "../db/open-database.ts";
import { publishCaller } from "./api/caller.ts";
import { clientReader } from "./api/client-address.ts";
import { createHttpServer } from "./api/http-server.ts";
import { PageVisits } from "./api/page-visits.ts";
import { requestGuard } from "./api/request-guard.ts";
import { systemInfoOf } from "./api/system-info.ts";
import type { ApiServices } from "./api/trpc.ts";
import { checkInThread } from "./control/checks/check-thread.ts";
import { openControl } from "./control/control.ts";
import { WorkerPool } from "./control/engine/worker-pool.ts";
import { openSecretBox } from "./control/secrets/secret-box.ts";
import { holdsPasswords } from "./control/tasks/task-store.ts";
import { TributaryError, toReason } from "./errors/tributary-error.ts";
import { openLog } from "./log.ts";
import { openPages } from "./pages.ts";
import { beginWithAdmin, loginMode } from "./people/begin-with-admin.ts";
import { openPeople } from "./people/people.ts";

// Starts the whole: database, engine, API and pages, in one process. docs/operations.md names the environment.
const { env } = process;
const dev = env.NODE_ENV !== "production";
// A person at a terminal reads sentences; a collector of logs reads JSON.
const log = openLog(dev || process.stdout.isTTY ? "sentences" : "json");

// A server of which a part is broken would look alive: it ends, and the next start goes on at the checkpoints.
process.on("uncaughtException", die);
process.on("unhandledRejection", die);

try {
  await start();
} catch (error) {
  die(error);
}

/** @throws TributaryError DATA_DIR_UNWRITABLE, DATA_DIR_LOCKED, DATABASE_DAMAGED, SECRET_MISSING, SECRET_WRONG, PORT_IN_USE, INPUT_INVALID, AUTH_OFF_NOT_LOOPBACK */
async function start(): Promise<void> {
  const host = env.HOST || "127.0.0.1";
  const port = readPort(env.PORT || "3000");
  const login = loginMode(env.TRIBUTARY_AUTH, host);
  const clientOf = clientReader(env.TRUST_PROXY ?? "");
  const database = openDatabase(env.TRIBUTARY_DATA_DIR || "./data");
  if (database.warning !== null) log.warn(database.warning);
  const box = openSecretBox(database.directory, env.TRIBUTARY_SECRET, holdsPasswords(database.db));
  const people = openPeople({
    db: database.db,
    directory: database.directory,
    box,
    login,
    onFailure: (what, error) => log.error({ err: error }, what),
  });
  await beginWithAdmin(people, env);
  const control = openControl({
    database,
    box,
    runPrechecks: checkInThread,
    runner: (listener) => new WorkerPool(listener),
    onFailure: (what, error) => log.error({ err: error }, what),
    onRecovery: (what) => log.info(what),
  });
  const services: ApiServices = { control, people, systemInfo: systemInfoOf(database.directory) };
  const visits = new PageVisits();
  publishCaller(services, visits);
  const pages = openPages({ dev, host, port });
  const begun = { tasks: false, pages: false };
  const http = createHttpServer({
    services,
    guard: requestGuard({ host, allowed: listOf(env.TRIBUTARY_ALLOWED_HOSTS) }),
    clientOf,
    visits,
    pages,
    dev,
    notReady: () => [
      ...(begun.tasks ? [] : ["tasks"]),
      ...(begun.pages ? [] : ["pages"]),
      ...(control.storageProblem() === null ? [] : ["database"]),
    ],
    onError: (error, path) => log.error({ err: error.cause ?? error }, `The call of ${path ?? "?"} failed.`),
  });
  endOnSignal(log, async () => {
    await Promise.all([http.close(), control.close()]);
    database.close();
  });
  await listen(http.server, host, port);
  control.begin();
  begun.tasks = true;
  // The shards do not wait for the pages, only the user does.
  await pages.prepare();
  begun.pages = true;
  if (login === "off")
    log.warn(`Tributary asks nobody to sign in: whoever reaches port ${port} controls its tasks.`);
  else if (people.persons.count() === 0)
    log.info("Whoever opens it first makes the administrator's account.");
  log.info(`Tributary is ready at http://${host.includes(":") ? `[${host}]` : host}:${port}`);
}

function readPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new TributaryError("INPUT_INVALID", {
    field: "PORT",
    detail: `${text} is not a port from 1 to 65535`,
  });
}

function listOf(text: string | undefined): string[] {
  return (text ?? "").split(",").flatMap((name) => name.trim() || []);
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") return reject(new TributaryError("PORT_IN_USE", { host, port }));
      const detail = `cannot listen on ${host}:${port}: ${error.message}`;
      reject(new TributaryError("INPUT_INVALID", { field: "HOST", detail }));
    });
    server.listen(port, host, resolve);
  });
}

/** The first SIGTERM or SIGINT ends it in good order, within seconds; the second at once. */
function endOnSignal(log: Logger, close: () => Promise<void>): void {
  let ending = false;
  const end = (signal: NodeJS.Signals) => {
    if (ending) process.exit(1);
    ending = true;
    log.info(`${signal}: applying what was received, then ending. Running tasks go on at the next start.`);
    close().then(() => process.exit(0), die);
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
}

function die(error: unknown): never {
  const { code, message, remedy } = toReason(error);
  const known = error instanceof TributaryError;
  log.fatal(known ? { code } : { err: error }, known ? `${message} ${remedy}` : message);
  process.exit(1);
}
