import { encodeCommand } from "../../../server/redis/encode-command.ts";
import { replid, startFakeMaster } from "../../replica/fake-master.ts";
import { type RedisServer, startRedis, until } from "../../servers/index.ts";

/** An RDB with these AUX fields and, in database 0, the keys in `body`. */
export function smallRdb(aux: Readonly<Record<string, string>> = {}, body = Buffer.alloc(0)): Buffer {
  const text = (value: string) => {
    const { length } = Buffer.from(value);
    const size = length < 64 ? [length] : [0x40 | (length >> 8), length & 0xff];
    return Buffer.concat([Buffer.from(size), Buffer.from(value)]);
  };
  const fields = Object.entries(aux).flatMap(([name, value]) => [
    Buffer.from([0xfa]),
    text(name),
    text(value),
  ]);
  return Buffer.concat([
    Buffer.from("REDIS0009"),
    ...fields,
    SELECT_0,
    body,
    Buffer.from([0xff]),
    Buffer.alloc(8),
  ]);
}

const SELECT_0 = Buffer.from([0xfe, 0]);

/** A master that sends what it is told to send, as one up to 4.0 would: scripts as they were called. */
export type OldMaster = {
  readonly port: number;
  /** Sends a command to the replica. */
  send(...args: (string | Buffer)[]): void;
  /** Sends these bytes to it, whatever they are. */
  sendRaw(bytes: Buffer): void;
  /** After all that was sent. */
  offset(): bigint;
};

export async function startOldMaster(rdb = smallRdb()): Promise<OldMaster> {
  let sent = 0n;
  const log: Buffer[] = [];
  const master = await startFakeMaster({
    // What no Redis answers would end these conversations.
    INFO: "$11\r\nrole:master",
    EXISTS: ":0",
    SCAN: "*2\r\n$1\r\n0\r\n*0",
    TIME: (connection) => {
      const now = Date.now();
      const [seconds, micros] = [String(Math.floor(now / 1000)), String((now % 1000) * 1000)];
      connection.send(`*2\r\n$${seconds.length}\r\n${seconds}\r\n$${micros.length}\r\n${micros}\r\n`);
    },
    PSYNC: (connection, [, known, next]) => {
      if (known === replid) {
        connection.send("+CONTINUE\r\n");
        connection.send(Buffer.concat(log).subarray(Number(next) - 1));
        return;
      }
      connection.send(`+FULLRESYNC ${replid} ${sent}\r\n$${rdb.length}\r\n`);
      connection.send(rdb);
    },
  });
  const sendRaw = (bytes: Buffer) => {
    log.push(bytes);
    sent += BigInt(bytes.length);
    master.replica().send(bytes);
  };
  return {
    port: master.port,
    offset: () => sent,
    send: (...args) => sendRaw(encodeCommand(args)),
    sendRaw,
  };
}

/**
 * A real server that does what an old master tells it, and hands its stream on to its own replicas byte for byte
 * (redis: replication.c replicationFeedStreamFromMasterStream): a shard whose stream holds scripts.
 */
export async function startShardWithScripts(): Promise<OldMaster & { readonly server: RedisServer }> {
  const master = await startOldMaster();
  const server = await startRedis({ replicaOf: master.port });
  await until(async () => (await server.client.info("replication")).includes("master_link_status:up"), {
    what: "the shard has synchronized with its master",
    timeoutMs: 30_000,
  });
  return { ...master, server };
}
