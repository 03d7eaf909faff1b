/** Written on each shard about once a second; its value is the writer's clock in ms. Never copied. */
export const HEARTBEAT_KEY = "DTS_REDIS_TIMESTAMP_HEARTBEAT";

/** Every key of Tributary's own on a destination begins with this. */
export const OWN_PREFIX = "tributary:";

/** The hash on the destination that holds the checkpoints of a task: one field for each shard. */
export function checkpointKey(taskId: string): string {
  return `${OWN_PREFIX}checkpoint:${taskId}`;
}

/** The hash on the destination in which every task that writes there is named: see neighbors.ts. */
export const TASKS_KEY = `${OWN_PREFIX}tasks`;

/** The field of the checkpoint hash that holds a shard's epoch. */
export function epochField(shardId: string): string {
  return `${shardId}:epoch`;
}

/** The field of the checkpoint hash that says what is known to differ from a shard, as JSON. */
export function differsField(shardId: string): string {
  return `${shardId}:differs`;
}

/** The field of the checkpoint hash that says how many keys a shard has brought. */
export function keysField(shardId: string): string {
  return `${shardId}:keys`;
}

/** The key on the destination that a shard's writers guard their transactions with, where they cannot be disconnected. */
export function guardKey(taskId: string, shardId: string): string {
  return `${OWN_PREFIX}writer:${taskId}:${shardId}`;
}

/** The set on the destination that holds a shard's doubtful keys, as doubtful-keys.ts writes them. */
export function doubtfulKeysKey(taskId: string, shardId: string): string {
  return `${OWN_PREFIX}doubtful:${taskId}:${shardId}`;
}

/**
 * The sorted set on the destination of copies of a shard's keys that other shards of the task hold, as
 * stray-registry.ts writes them.
 */
export function straysKey(taskId: string, shardId: string): string {
  return `${OWN_PREFIX}strays:${taskId}:${shardId}`;
}

/** The set on the destination of a shard's keys that it does not hold itself, whose value there is a stray's. */
export function loneStraysKey(taskId: string, shardId: string): string {
  return `${OWN_PREFIX}lone:${taskId}:${shardId}`;
}

/** The set on the destination of keys that lie there although the shard does not hold them, as unheld-keys.ts writes them. */
export function unheldKeysKey(taskId: string, shardId: string): string {
  return `${OWN_PREFIX}unheld:${taskId}:${shardId}`;
}

/** The set on the destination of a shard's keys that it does not take, as left-out-keys.ts writes them. */
export function leftOutKeysKey(taskId: string, shardId: string): string {
  return `${OWN_PREFIX}left-out:${taskId}:${shardId}`;
}

/** The hash on the destination that holds the bodies of a shard's scripts by their SHA1, for EVALSHA. */
export function scriptsKey(taskId: string, shardId: string): string {
  return `${OWN_PREFIX}scripts:${taskId}:${shardId}`;
}

/** The set on the destination of a task's keys whose expiry only looks like a held-back one: see true-expiries.ts. */
export function trueExpiriesKey(taskId: string): string {
  return `${OWN_PREFIX}true-expiries:${taskId}`;
}

/** The hash on the destination that says whose function libraries lie there: `<SHA1 of the code> <shard>`. */
export function functionsKey(taskId: string): string {
  return `${OWN_PREFIX}functions:${taskId}`;
}

/** The key on the destination that holds the fingerprints of a shard's RDB for its siblings, where no disk takes them. */
export function notedKey(taskId: string, shardId: string): string {
  return `${OWN_PREFIX}noted:${taskId}:${shardId}`;
}

/** The field of the checkpoint hash that says to which initial sync these fingerprints have to belong. */
export function notingField(shardId: string): string {
  return `${shardId}:noting`;
}

/** The key on the destination that says which keys lay there before the task began. */
export function formerKeysKey(taskId: string): string {
  return `${OWN_PREFIX}kept:${taskId}`;
}

/** What may lie in the checkpoint database of a destination for one shard, beside its fields of the checkpoint hash. */
export function shardKeys(taskId: string, shardId: string): string[] {
  return [
    doubtfulKeysKey(taskId, shardId),
    straysKey(taskId, shardId),
    loneStraysKey(taskId, shardId),
    unheldKeysKey(taskId, shardId),
    leftOutKeysKey(taskId, shardId),
    scriptsKey(taskId, shardId),
    guardKey(taskId, shardId),
    notedKey(taskId, shardId),
  ];
}

/** All that may lie in the checkpoint database of a destination for a task with these shards. */
export function taskKeys(taskId: string, shardIds: readonly string[]): string[] {
  return [
    checkpointKey(taskId),
    functionsKey(taskId),
    formerKeysKey(taskId),
    trueExpiriesKey(taskId),
    ...shardIds.flatMap((shardId) => shardKeys(taskId, shardId)),
  ];
}

/** The name, in CLIENT LIST, of each connection through which a shard sync writes; `engine` tells attempts apart. */
export function connectionName(taskId: string, shardId: string, engine: string): string {
  return `${OWN_PREFIX}${taskId}:${shardId}:${engine}`;
}

/** True for a key of Tributary's own on a destination. */
export function isOwnKey(key: Buffer): boolean {
  return key.length >= OWN.length && key.compare(OWN, 0, OWN.length, 0, OWN.length) === 0;
}

const OWN = Buffer.from(OWN_PREFIX);

/** True where `bytes[start, end)` is the heartbeat's key. */
export function isHeartbeatKey(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== HEARTBEAT_BYTES.length || bytes[start] !== HEARTBEAT_BYTES[0]) return false;
  for (let index = 1; index < HEARTBEAT_BYTES.length; index++) {
    if (bytes[start + index] !== HEARTBEAT_BYTES[index]) return false;
  }
  return true;
}

const HEARTBEAT_BYTES = Buffer.from(HEARTBEAT_KEY);
