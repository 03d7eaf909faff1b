import type { RedisEndpoint } from "../../server/redis/endpoint.ts";

export function endpointOf(port: number, more: Partial<RedisEndpoint> = {}): RedisEndpoint {
  return { host: "127.0.0.1", port, tls: false, username: null, password: null, db: null, ...more };
}
