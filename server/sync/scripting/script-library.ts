import { createHash } from "node:crypto";

/** As many as a master of 6.x keeps in mind (redis: server.h repl_scriptcache_size), and bytes of their bodies. */
const MAX_SCRIPTS = 10_000;
const MAX_BYTES = 8 * 1024 * 1024;

/** The name by which EVALSHA calls a script. */
export function scriptSha(body: Uint8Array): string {
  return createHash("sha1").update(body).digest("hex");
}

/**
 * The bodies of a shard's scripts, as they came with EVAL, SCRIPT LOAD and the RDB. A master up to 4.0 (later ones
 * with lua-replicate-commands no) sends EVALSHA once its replicas must know the script, and a replica keeps what
 * it knows over a restart. So the bodies lie on the destination too: `add` says what has to be changed there.
 *
 * redis: 6.0 scripting.c evalShaCommand, replication.c replicationScriptCacheAdd
 */
export class ScriptLibrary {
  readonly #bodies = new Map<string, Buffer>();
  #bytes = 0;

  /** Of a lower-case hex SHA1. What is called by it stays longest: a master that calls it so does not say it again. */
  bodyOf(sha: string): Buffer | undefined {
    const body = this.#bodies.get(sha);
    if (body !== undefined) {
      this.#bodies.delete(sha);
      this.#bodies.set(sha, body);
    }
    return body;
  }

  /** @returns null when it is known; otherwise the scripts that had to make room, those first that nobody calls. */
  add(sha: string, body: Uint8Array): string[] | null {
    if (this.#bodies.has(sha)) return null;
    this.#bodies.set(sha, Buffer.from(body));
    this.#bytes += body.length;
    const gone: string[] = [];
    for (const [oldest, { length }] of this.#bodies) {
      if (this.#bodies.size <= MAX_SCRIPTS && this.#bytes <= MAX_BYTES) break;
      this.#bodies.delete(oldest);
      this.#bytes -= length;
      gone.push(oldest);
    }
    return gone;
  }

  clear(): void {
    this.#bodies.clear();
    this.#bytes = 0;
  }
}
