import type { Redis } from "ioredis";
import type { ErrorCode } from "../../errors/catalogue.ts";
import { toReason } from "../../errors/tributary-error.ts";
import { openClient, toTributaryError } from "../../redis/client.ts";
import { commandSpec } from "../../redis/command-table.ts";
import { formatAddress, type RedisEndpoint } from "../../redis/endpoint.ts";
import { parseInfo, serverFacts } from "../../redis/server-info.ts";
import { HEARTBEAT_KEY } from "../../sync/checkpoint/own-keys.ts";
import { openAddresses } from "../secrets/endpoint-secrets.ts";
import type { SecretBox } from "../secrets/secret-box.ts";
import type { HeldWrites } from "../tasks/cutover-state.ts";
import type { ShardRun } from "../tasks/shard-run.ts";

/** Writes are held up for this long at most, s. */
export const MOST_HELD_SECONDS = 900;
/** ms for each server to answer. */
const PATIENCE_MS = 4000;

export type ShardsAt = {
  readonly taskId: string;
  readonly shards: readonly ShardRun[];
  readonly box: SecretBox;
};

/**
 * Has each shard's master hold up the commands that write, for `ms` at most: CLIENT PAUSE … WRITE, from Redis 6.2 on.
 * Writers wait for their answers meanwhile, reads go on, and so does the stream to replicas.
 * @returns for each shard why it does not; never rejects.
 */
export async function holdWrites(at: ShardsAt, ms: number): Promise<HeldWrites["shards"]> {
  const answers = await ofEach(at, async (client) => {
    const { flavor, redisVersion } = serverFacts(parseInfo(await client.info("server")));
    const [major = 0, minor = 0] = redisVersion.split(".").map(Number);
    if (major < 6 || (major === 6 && minor < 2))
      return `${flavor} ${redisVersion} cannot hold up writes alone: CLIENT PAUSE … WRITE came with Redis 6.2`;
    await client.call("CLIENT", "PAUSE", String(ms), "WRITE");
    return null;
  });
  return answers.map(({ id, name, problem }) => ({ id, name, problem }));
}

/** Lets writes go on: CLIENT UNPAUSE. @returns for each shard why it could not be told; never rejects. */
export async function letWritesGo(at: ShardsAt): Promise<HeldWrites["shards"]> {
  return ofEach(at, async (client) => {
    await client.call("CLIENT", "UNPAUSE");
    return null;
  });
}

/** Takes the heartbeat from each shard that answers. On the others it goes by itself, within 30 s. */
export async function removeHeartbeats(at: ShardsAt, db: number): Promise<void> {
  await ofEach(
    at,
    async (client) => {
      await client.del(HEARTBEAT_KEY);
      return null;
    },
    db,
  );
}

/** A client of a shard's master, as CLIENT LIST says it. */
export type ShardClient = {
  readonly address: string;
  readonly name: string;
  readonly command: string;
  /** Since its last command. */
  readonly idleSeconds: number;
  readonly user: string;
};

export type ClientsOfShard = {
  readonly id: string;
  readonly name: string;
  readonly problem: string | null;
  /** Those whose last command was a write, the latest first, at most 50; not those of Tributary. */
  readonly clients: readonly ShardClient[];
};

const MOST_CLIENTS = 50;

/** Who is connected to the shards. Never rejects. */
export async function clientsOf(at: ShardsAt): Promise<ClientsOfShard[]> {
  const found = new Map<string, ShardClient[]>();
  const answers = await ofEach(at, async (client, shard) => {
    found.set(shard.record.id, parseClients(String(await client.call("CLIENT", "LIST"))));
    return null;
  });
  return answers.map(({ id, name, problem }) => ({ id, name, problem, clients: found.get(id) ?? [] }));
}

function parseClients(text: string): ShardClient[] {
  const clients = text.split("\n").flatMap((line): ShardClient[] => {
    const fields = new Map(
      line.split(" ").map((field) => {
        const at = field.indexOf("=");
        return [field.slice(0, at), field.slice(at + 1).trim()] as const;
      }),
    );
    const [addr, name = "", cmd = ""] = ["addr", "name", "cmd"].map((key) => fields.get(key));
    const command = commandSpec(cmd.replace("|", " ").toUpperCase());
    const writes = command?.write === true || command?.mayReplicate === true;
    // Of Tributary's own only the heartbeat writes.
    if (addr === undefined || !writes || name.startsWith("tributary:")) return [];
    return [
      {
        address: addr,
        name,
        command: cmd,
        idleSeconds: Number(fields.get("idle") ?? 0) || 0,
        user: fields.get("user") ?? "",
      },
    ];
  });
  return clients.sort((a, b) => a.idleSeconds - b.idleSeconds).slice(0, MOST_CLIENTS);
}

type Ask = (client: Redis, shard: ShardRun) => Promise<string | null>;
type Asked = HeldWrites["shards"][number] & {
  /** Of what went wrong; null where nothing did. */
  readonly code: ErrorCode | null;
};

/** Asks each shard's master. Never rejects. */
export async function ofEach(
  { taskId, shards, box }: ShardsAt,
  ask: Ask,
  db?: number,
): Promise<readonly Asked[]> {
  return Promise.all(
    shards.map(async (shard) => {
      const { id, name } = shard.record;
      const role = `shard ${name}`;
      try {
        const endpoint = masterOf(shard, taskId, box);
        const options = { role, timeoutMs: PATIENCE_MS, commandTimeoutMs: PATIENCE_MS };
        const client = await openClient(endpoint, {
          ...options,
          connectionName: `tributary:${taskId}:${id}:cutover`,
          ...(db === undefined ? {} : { db }),
        });
        try {
          return { id, name, problem: await ask(client, shard), code: null };
        } catch (error) {
          const address = formatAddress(endpoint);
          const { message, code } = toTributaryError(error, { role, address, command: "CLIENT" });
          return { id, name, problem: message, code };
        } finally {
          client.disconnect();
        }
      } catch (error) {
        const { message, code } = toReason(error);
        return { id, name, problem: message, code };
      }
    }),
  );
}

/** The server that the shard is read from; one that a Sentinel has named takes what the others do. */
function masterOf(shard: ShardRun, taskId: string, box: SecretBox): RedisEndpoint {
  const { source, alternatives, sentinel } = openAddresses(box, shard.record, taskId);
  const address = shard.facts?.source?.address;
  const known = [source, ...alternatives].find((one) => formatAddress(one) === address);
  const colon = address?.lastIndexOf(":") ?? -1;
  if (known !== undefined || !address || sentinel === null || colon < 0) return known ?? source;
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
  return { ...source, host, port: Number(address.slice(colon + 1)) };
}
