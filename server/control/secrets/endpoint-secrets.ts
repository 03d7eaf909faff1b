import { knowSecret } from "../../errors/known-secrets.ts";
import type { RedisEndpoint } from "../../redis/endpoint.ts";
import type { SourceAddresses } from "../../redis/source-addresses.ts";
import type { SecretBox } from "./secret-box.ts";

/** An endpoint as it is stored: its password is sealed. */
export type StoredEndpoint = {
  readonly endpoint: Omit<RedisEndpoint, "password">;
  readonly secret: string | null;
};

/** Sentinels as they are stored. */
type StoredSentinel = {
  readonly masterName: string;
  readonly sentinels: readonly StoredEndpoint[];
};

/** All addresses of a shard as they are stored. */
export type StoredAddresses = StoredEndpoint & {
  readonly alternatives: readonly StoredEndpoint[];
  readonly sentinel: StoredSentinel | null;
};

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
): StoredAddresses {
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
export function openAddresses(
  box: SecretBox,
  shard: StoredAddresses & { readonly id: string },
  taskId: string,
): SourceAddresses {
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
