import { TributaryError } from "../errors/tributary-error.ts";
import { toTributaryError } from "../redis/client.ts";
import { connectSocket, type RedisSocket } from "../redis/connect-socket.ts";
import { formatAddress, type RedisEndpoint } from "../redis/endpoint.ts";
import { parseInfo, type ServerFacts, serverFacts } from "../redis/server-info.ts";
import { ReadBatch } from "./read-batch.ts";
import { Refused, type Reply, ReplyReader } from "./reply-reader.ts";

const CONNECT_MS = 5000;
/** A server that says nothing for this long while an answer is due is given up, ms. */
const SILENCE_MS = 30_000;
/** The name in CLIENT LIST. */
const NAME = "tributary:verify";

type Underway = {
  left: number;
  readonly replies: Reply[];
  readonly done: (replies: Reply[]) => void;
  readonly failed: (error: TributaryError) => void;
};

/**
 * A connection that only reads. Batches go out as they are given and come back in that order, several under way at a
 * time; each says in which database it is meant. It is lean since verification asks for six things of every key.
 */
export class ReadConnection {
  readonly role: string;
  readonly address: string;
  readonly endpoint: RedisEndpoint;
  readonly #socket: RedisSocket;
  readonly #reader = new ReplyReader();
  readonly #underway: Underway[] = [];
  #db = 0;
  #failure: TributaryError | null = null;
  #heard = false;
  #silence: NodeJS.Timeout;
  /** Bytes of replies so far. */
  received = 0;
  /** What it said of itself when it was entered. */
  facts!: ServerFacts;

  private constructor(socket: RedisSocket, endpoint: RedisEndpoint) {
    this.endpoint = endpoint;
    this.role = socket.role;
    this.address = socket.address;
    this.#socket = socket;
    socket.setOnBytes((chunk) => this.#take(chunk));
    void socket.closed.then((why) => this.#fail(this.#lost(why)));
    this.#silence = setInterval(() => this.#watch(), SILENCE_MS / 2);
    this.#silence.unref();
  }

  /** @throws TributaryError as connectSocket, AUTH_FAILED, AUTH_REQUIRED and what the server says to INFO. */
  static async open(endpoint: RedisEndpoint, role: string, signal: AbortSignal): Promise<ReadConnection> {
    const socket = await connectSocket(endpoint, { role, timeoutMs: CONNECT_MS, signal });
    const connection = new ReadConnection(socket, endpoint);
    try {
      await connection.#enter(endpoint);
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  async #enter({ username, password, host, port }: RedisEndpoint): Promise<void> {
    const context = { role: this.role, address: formatAddress({ host, port }) };
    if (password !== null) {
      const user = username === null || username === "default" ? [] : [username];
      const [reply] = await this.ask(null, (batch) => batch.command("AUTH", ...user, password));
      const needless =
        reply instanceof Refused && /no password is set|without any password/.test(reply.message);
      if (reply instanceof Refused && !needless) throw new TributaryError("AUTH_FAILED", context);
    }
    // Refused without +client: the name is a convenience.
    await this.ask(null, (batch) => batch.command("CLIENT", "SETNAME", NAME));
    this.facts = await this.info();
  }

  /**
   * Sends what `fill` puts into a batch, to run in database `db` (null: in any), and gives the replies in order.
   * @throws TributaryError when the connection is lost.
   */
  ask(db: number | null, fill: (batch: ReadBatch) => void): Promise<Reply[]> {
    const batch = new ReadBatch();
    const select = db !== null && db !== this.#db;
    if (select) batch.command("SELECT", String(db));
    fill(batch);
    if (select) this.#db = db;
    return new Promise<Reply[]>((resolve, reject) => {
      if (this.#failure !== null) return reject(this.#failure);
      if (batch.commands === 0) return resolve([]);
      this.#heard = true;
      this.#underway.push({
        left: batch.commands,
        replies: [],
        failed: reject,
        done: (replies) => {
          const selected = select ? replies.shift() : null;
          if (selected instanceof Refused) reject(this.explained(selected, "SELECT"));
          else resolve(replies);
        },
      });
      this.#socket.write(batch.bytes());
    });
  }

  /** One command in a database. A refusal is a reply. */
  async one(db: number | null, ...args: readonly (Uint8Array | string)[]): Promise<Reply> {
    return (await this.ask(db, (batch) => batch.command(...args)))[0]!;
  }

  /** The same; @throws TributaryError for a refusal, by the catalogue. */
  async must(db: number | null, ...args: readonly (Uint8Array | string)[]): Promise<Exclude<Reply, Refused>> {
    const reply = await this.one(db, ...args);
    if (reply instanceof Refused) throw this.explained(reply, String(args[0]));
    return reply;
  }

  /** @param section of INFO; all that it says by itself unless given. */
  async info(section?: string): Promise<ServerFacts> {
    const reply = await this.must(null, "INFO", ...(section === undefined ? [] : [section]));
    return serverFacts(parseInfo(reply instanceof Buffer ? reply.toString() : ""));
  }

  explained(refused: Refused, command: string): TributaryError {
    return toTributaryError(new Error(refused.message), { role: this.role, address: this.address, command });
  }

  close(): void {
    clearInterval(this.#silence);
    this.#fail(this.#lost("Tributary closed the connection"));
    this.#socket.destroy();
  }

  #take(chunk: Uint8Array): void {
    this.#heard = true;
    this.received += chunk.length;
    this.#reader.feed(chunk);
    try {
      for (;;) {
        const first = this.#underway[0];
        const reply = this.#reader.next();
        if (reply === undefined) return;
        if (first === undefined) throw new Error("a reply that was not asked for");
        first.replies.push(reply);
        first.left--;
        if (first.left > 0) continue;
        this.#underway.shift();
        this.#reader.cut();
        first.done(first.replies);
      }
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      this.#fail(new TributaryError("NOT_REDIS", { role: this.role, address: this.address, detail }));
      this.#socket.destroy();
    }
  }

  #watch(): void {
    if (this.#heard || this.#underway.length === 0) {
      this.#heard = false;
      return;
    }
    const { role, address } = this;
    this.#fail(new TributaryError("CONNECT_TIMEOUT", { role, address, seconds: SILENCE_MS / 1000 }));
    this.#socket.destroy();
  }

  #fail(error: TributaryError): void {
    this.#failure ??= error;
    for (const { failed } of this.#underway.splice(0)) failed(this.#failure);
  }

  #lost(detail: string): TributaryError {
    const { role, address } = this;
    const code = role === "the destination" ? "DESTINATION_LINK_LOST" : "SOURCE_LINK_LOST";
    return new TributaryError(code, { role, address, detail });
  }
}
