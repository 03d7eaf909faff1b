/** e.g. 'Redis 7.0.15'. */
export function serverName({ flavor, version }: { flavor: string; version: string }): string {
  const name = flavor === "valkey" ? "Valkey" : flavor === "redis" ? "Redis" : flavor;
  return `${name} ${version}`;
}
