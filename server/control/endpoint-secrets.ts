import type { RedisEndpoint } from "../redis/endpoint.ts";
import type { SecretBox } from "./secret-box.ts";
import type { StoredEndpoint } from "./task-record.ts";

/** Takes the password out of an endpoint and seals it. `place` is unique to the endpoint. */
export function sealEndpoint(box: SecretBox, endpoint: RedisEndpoint, place: string): StoredEndpoint {
  const { password, ...rest } = endpoint;
  return { endpoint: rest, secret: password === null ? null : box.seal(password, place) };
}

/** @throws TributaryError SECRET_WRONG */
export function openEndpoint(box: SecretBox, stored: StoredEndpoint, place: string): RedisEndpoint {
  return { ...stored.endpoint, password: stored.secret === null ? null : box.open(stored.secret, place) };
}

export function destinationPlace(taskId: string): string {
  return `${taskId}/destination`;
}

export function shardPlace(taskId: string, shardId: string): string {
  return `${taskId}/shard/${shardId}`;
}
