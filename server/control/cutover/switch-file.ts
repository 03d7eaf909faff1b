import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withoutSecrets } from "../../errors/known-secrets.ts";
import { TributaryError } from "../../errors/tributary-error.ts";
import { formatAddress, type RedisEndpoint } from "../../redis/endpoint.ts";
import { destinationDb } from "../../sync/spec/database-map.ts";
import { maskedConfig, rebuiltConfig, switchedConfig } from "../../twemproxy/switched-config.ts";
import { destinationPlace, openEndpoint, sourceTextPlace } from "../secrets/endpoint-secrets.ts";
import type { SecretBox } from "../secrets/secret-box.ts";
import type { TaskRecord } from "../tasks/task-record.ts";

/** What an application, or nutcracker, is pointed at, and how it gets back. Passwords are masked. */
export type SwitchFile = {
  /** The nutcracker.yml with the destination as its pool's only server; null where there is none to be made. */
  readonly next: string | null;
  /** The file that the task was made from; null where it is not known. */
  readonly former: string | null;
  /** Where both lie, unmasked, on the host of Tributary; null where there is nothing to write. */
  readonly directory: string | null;
  /** The pool's address for clients, which does not change. */
  readonly listen: string | null;
  /** For a client that speaks to the destination itself, without its password. */
  readonly endpoint: string;
  /** What nutcracker cannot do, or will do otherwise, a sentence each. */
  readonly notes: readonly string[];
};

export type SwitchFileOptions = { readonly box: SecretBox; readonly dataDirectory: string };

/** Says where the application goes. Nothing is written. @throws TributaryError SECRET_WRONG */
export function switchFile(task: TaskRecord, { box, dataDirectory }: SwitchFileOptions): SwitchFile {
  const destination = openEndpoint(box, task.destination, destinationPlace(task.id));
  const { next, former, notes } = texts(task, destination, box);
  const masked = (text: string | null) => (text === null ? null : withoutSecrets(maskedConfig(text)));
  return {
    next: masked(next),
    former: masked(former),
    directory: next === null ? null : directoryOf(dataDirectory, task.id),
    listen: task.source.kind === "nutcracker" ? task.source.pool.listen : null,
    endpoint: endpointText(destination, applicationDb(task)),
    notes,
  };
}

/** Writes both files, for their owner alone. @returns the folder; null where there is nothing to write. */
export function writeSwitchFiles(task: TaskRecord, options: SwitchFileOptions): string | null {
  const destination = openEndpoint(options.box, task.destination, destinationPlace(task.id));
  const { next, former } = texts(task, destination, options.box);
  if (next === null) return null;
  const directory = directoryOf(options.dataDirectory, task.id);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const write = (name: string, text: string) => {
    // A file that is there keeps its mode: it is made anew.
    rmSync(join(directory, name), { force: true });
    writeFileSync(join(directory, name), text, { mode: 0o600 });
  };
  write("nutcracker.yml", next);
  if (former !== null) write("nutcracker.former.yml", former);
  return directory;
}

export function removeSwitchFiles(taskId: string, dataDirectory: string): void {
  rmSync(directoryOf(dataDirectory, taskId), { recursive: true, force: true });
}

function directoryOf(dataDirectory: string, taskId: string): string {
  return join(dataDirectory, "cutover", taskId);
}

function texts(task: TaskRecord, destination: RedisEndpoint, box: SecretBox) {
  const { source } = task;
  const former = formerText(task, box);
  if (source.kind !== "nutcracker") {
    const note =
      "The shards were given by hand: no nutcracker.yml is known. Point the application, or its proxy, at the destination.";
    return { next: null, former, notes: [note] };
  }
  const db = applicationDb(task);
  const notes = notesOn(task, destination, db);
  const password = destination.password;
  const server = { host: destination.host, port: destination.port, password, db };
  const { pool } = source;
  const next = former === null ? rebuiltConfig(pool, server) : switchedConfig(former, pool.name, server);
  if (former === null)
    notes.push(
      "The file that the task was made from is not known: this one is made from what is known of its pool. Compare it with yours.",
    );
  return { next, former, notes };
}

/** null where it is not known, or was sealed under a key that is gone: it is not worth a failure. */
function formerText({ id, sourceText }: TaskRecord, box: SecretBox): string | null {
  if (sourceText === null) return null;
  try {
    return box.open(sourceText, sourceTextPlace(id));
  } catch (error) {
    if (error instanceof TributaryError && error.code === "SECRET_WRONG") return null;
    throw error;
  }
}

/** The database of the destination in which the proxy's keys are. */
function applicationDb({ databases, heartbeatDb }: TaskRecord): number {
  return destinationDb(databases, heartbeatDb ?? 0) ?? 0;
}

function notesOn(task: TaskRecord, destination: RedisEndpoint, db: number): string[] {
  const notes: string[] = [];
  const { host, tls, username, password } = destination;
  if (tls)
    notes.push(
      "The destination requires TLS, which nutcracker does not support. Put a TLS tunnel (stunnel, HAProxy) next to nutcracker and write its address into the file, or connect the application directly to the destination.",
    );
  if (username !== null && username !== "default")
    notes.push(
      `The task signs in as the user ${username}. nutcracker knows no users: it sends only the password, which is the default user's.`,
    );
  if (password !== null && db !== 0)
    notes.push(
      `The keys are in database ${db} of the destination. With a password, nutcracker selects no database and would read database 0. Connect the application directly to the destination.`,
    );
  const formerlyWithPassword = task.shards.some(({ secret }) => secret !== null);
  if (formerlyWithPassword && password === null)
    notes.push(
      "The pool had a password, and the destination has none, so nutcracker refuses the AUTH of clients. Give the destination the same password (requirepass), or remove it from the clients.",
    );
  if (formerlyWithPassword && password !== null)
    notes.push(
      "Clients sign in to nutcracker with the pool's password. From now on that is the destination's password.",
    );
  if (!formerlyWithPassword && password !== null)
    notes.push(
      "The pool had no password. From now on, clients of nutcracker must sign in with the destination's.",
    );
  if (host === "127.0.0.1" || host === "localhost" || host === "::1")
    notes.push(
      `${host} is the destination's address as Tributary sees it. If nutcracker runs on another host, write the address that the destination has from there.`,
    );
  return notes;
}

function endpointText({ host, port, tls, username }: RedisEndpoint, db: number): string {
  const user = username === null || username === "default" ? "" : `${username}@`;
  return `${tls ? "rediss" : "redis"}://${user}${formatAddress({ host, port })}${db === 0 ? "" : `/${db}`}`;
}
