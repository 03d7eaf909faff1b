import { TributaryError } from "../../errors/tributary-error.ts";
import { formatAddress, type RedisEndpoint } from "../../redis/endpoint.ts";
import { askServers, chooseServer, type KnownHistory, mastersOf } from "../../redis/find-master.ts";
import { sentinelMaster } from "../../redis/sentinel-master.ts";
import type { ServerFacts } from "../../redis/server-info.ts";
import type { SourceAddresses } from "../../redis/source-addresses.ts";
import type { EventLevel } from "../report/shard-report.ts";

/** ms for which a master is waited for before a replica is read from. */
const REPLICA_PATIENCE_MS = 10_000;

export type SourceLocatorOptions = {
  readonly addresses: SourceAddresses;
  readonly role: string;
  readonly now: () => number;
  readonly onEvent: (level: EventLevel, type: string, message: string) => void;
  readonly signal: AbortSignal;
};

/**
 * Knows which of a shard's servers is read from, and finds it again after a failover. All that speaks with the
 * source goes by `current`. A shard with one address is always there: nobody is asked.
 */
export class SourceLocator {
  /** Where the source was last found; null before that. */
  current: RedisEndpoint | null;
  /** What it said when it was found; null where nobody was asked. */
  facts: ServerFacts | null = null;
  /** One address and no Sentinel. */
  readonly single: boolean;
  readonly #options: SourceLocatorOptions;
  readonly #addresses: readonly RedisEndpoint[];
  #onlyReplicasSince: number | null = null;
  #splitSaid = "";

  constructor(options: SourceLocatorOptions) {
    const { source, alternatives, sentinel } = options.addresses;
    this.#options = options;
    const sentinels = new Set(sentinel?.sentinels.map(formatAddress));
    this.#addresses = [source, ...alternatives].filter((one) => !sentinels.has(formatAddress(one)));
    this.single = sentinel === null && alternatives.length === 0;
    this.current = this.single ? source : null;
  }

  /**
   * The server to read from now; it becomes `current`.
   * @param history what has been received of the shard; it tells its servers from strangers.
   * @throws TributaryError SOURCE_NO_MASTER, SENTINEL_UNREACHABLE, SENTINEL_MASTER_UNKNOWN, or why the only one
   * that could be asked cannot be used.
   */
  async locate(history: KnownHistory | null): Promise<RedisEndpoint> {
    if (this.single) return this.#options.addresses.source;
    const servers = await askServers(await this.#candidates(), this.#options);
    const choice = chooseServer(servers, history);
    if (choice === null || choice.kind !== "replica") this.#onlyReplicasSince = null;
    if (choice === null) throw this.#none(servers.map(({ error, facts }) => error ?? facts));
    const { endpoint } = choice.server;
    if (choice.kind === "replica") this.#waitForMaster(endpoint);
    const masters = mastersOf(servers).map((one) => formatAddress(one.endpoint));
    if (masters.length > 1) this.#reportSplit(masters, formatAddress(endpoint));
    this.facts = choice.server.facts;
    this.#moveTo(endpoint);
    return endpoint;
  }

  /**
   * Whether the master is another server than `current`, which may have been demoted. Without a Sentinel a
   * `current` that says master is left in peace, whatever the others say.
   */
  async hasMoved(history: KnownHistory | null): Promise<boolean> {
    const { current } = this;
    if (this.single || current === null) return false;
    const { sentinel } = this.#options.addresses;
    const candidates = await this.#candidates();
    const here = formatAddress(current);
    if (sentinel !== null && candidates.some((one) => formatAddress(one) === here)) return false;
    const servers = await askServers([current, ...candidates], this.#options);
    const [self, ...others] = servers;
    if (sentinel === null && self?.facts?.role === "master") return false;
    const choice = chooseServer(others, history);
    if (choice?.kind !== "master" || formatAddress(choice.server.endpoint) === here) return false;
    // The same server under another name.
    return choice.server.facts?.runId !== self?.facts?.runId;
  }

  /** What the Sentinels say; the addresses as given where there are none, or none of them answers. */
  async #candidates(): Promise<readonly RedisEndpoint[]> {
    const { sentinel, source } = this.#options.addresses;
    if (sentinel === null) return this.#addresses;
    try {
      return [await sentinelMaster(sentinel, source, this.#options)];
    } catch (error) {
      this.#options.signal.throwIfAborted();
      if (this.#addresses.length === 0) throw error;
      return this.#addresses;
    }
  }

  /** @throws TributaryError SOURCE_NO_MASTER as long as a master may still come. */
  #waitForMaster(replica: RedisEndpoint): void {
    const { role, now, onEvent, addresses } = this.#options;
    this.#onlyReplicasSince ??= now();
    const address = formatAddress(replica);
    if (this.current !== null && formatAddress(this.current) === address) return;
    if (addresses.sentinel !== null || now() - this.#onlyReplicasSince < REPLICA_PATIENCE_MS) {
      throw new TributaryError("SOURCE_NO_MASTER", { role, detail: `${address} is a replica` });
    }
    const message = `No address of ${role} is a master: its stream is read from the replica at ${address}, until a master appears.`;
    onEvent("warning", "source-is-replica", message);
  }

  #none(servers: readonly unknown[]): TributaryError {
    const errors = servers.filter((one) => one instanceof TributaryError);
    // A wrong password is said as such; it would not come right by waiting.
    const lasting = errors.find((error) => !error.toPlain().retried);
    if (errors.length === servers.length && lasting !== undefined) return lasting;
    const detail = errors.map((error) => error.message.replace(/\.$/, "")).join("; ");
    const { role } = this.#options;
    return new TributaryError("SOURCE_NO_MASTER", {
      role,
      detail: detail || "those that answer are replicas whose link to the master is down",
    });
  }

  #reportSplit(masters: readonly string[], chosen: string): void {
    const text = masters.join(" and ");
    if (text === this.#splitSaid) return;
    this.#splitSaid = text;
    const message = `${text} both say that they are the master of ${this.#options.role}; ${chosen} is read from, since it continues what has been received or stands first. Make the other a replica: what is written to it is not synchronized.`;
    this.#options.onEvent("alert", "source-split", message);
  }

  #moveTo(endpoint: RedisEndpoint): void {
    const before = this.current;
    this.current = endpoint;
    const address = formatAddress(endpoint);
    if (before === null) {
      this.#options.onEvent("info", "source-located", `The shard is read from ${address}.`);
      return;
    }
    if (formatAddress(before) === address) return;
    const message = `The master is at ${address} now; it was at ${formatAddress(before)}.`;
    this.#options.onEvent("info", "source-moved", message);
  }
}
