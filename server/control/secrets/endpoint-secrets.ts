import { knowSecret } from "../../errors/known-secrets.ts";
import type { RedisEndpoint } from "../../redis/endpoint.ts";
import type { SourceAddresses } from "../../redis/source-addresses.ts";
import type { ShardRecord, StoredEndpoint } from "../tasks/task-record.ts";
import type { SecretBox } from "./secret-box.ts";

/** Takes the password out of an endpoint and seals it. `place` is unique to the endpoint. */
export function sealEndpoint(box: SecretBox, endpoint: RedisEndpoint, place: string): StoredEndpoint {
  const { password, ...rest } = endpoint;
  return { endpoint: rest, secret: password === null ? null : box.seal(password, place) };
}

/** @throws TributaryError SECRET_WRONG */
export function openEndpoint(box: SecretBox, stored: StoredEndpoint, place: string): RedisEndpoint {
  const password = stored.secret === null ? null : box.open(stored.secret, place);
  knowSecret(password);
  return { ...stored.endpoint, password };
}

export function destinationPlace(taskId: string): string {
  return `${taskId}/destination`;
}

/** Of the nutcracker.yml that a task was made from, which may hold passwords. */
export function sourceTextPlace(taskId: string): string {
  return `${taskId}/nutcracker.yml`;
}

/** All addresses of a shard, sealed. */
export function sealAddresses(
  box: SecretBox,
  { source, alternatives, sentinel }: SourceAddresses,
  taskId: string,
  shardId: string,
): Pick<ShardRecord, "endpoint" | "secret" | "alternatives" | "sentinel"> {
  const place = shardPlace(taskId, shardId);
  return {
    ...sealEndpoint(box, source, place),
    alternatives: alternatives.map((one, at) => sealEndpoint(box, one, `${place}/alternative/${at}`)),
    sentinel: sentinel && {
      masterName: sentinel.masterName,
      sentinels: sentinel.sentinels.map((one, at) => sealEndpoint(box, one, `${place}/sentinel/${at}`)),
    },
  };
}

/** @throws TributaryError SECRET_WRONG */
export function openAddresses(box: SecretBox, shard: ShardRecord, taskId: string): SourceAddresses {
  const place = shardPlace(taskId, shard.id);
  return {
    source: openEndpoint(box, shard, place),
    alternatives: shard.alternatives.map((one, at) => openEndpoint(box, one, `${place}/alternative/${at}`)),
    sentinel: shard.sentinel && {
      masterName: shard.sentinel.masterName,
      sentinels: shard.sentinel.sentinels.map((one, at) => openEndpoint(box, one, `${place}/sentinel/${at}`)),
    },
  };
}

function shardPlace(taskId: string, shardId: string): string {
  return `${taskId}/shard/${shardId}`;
}
