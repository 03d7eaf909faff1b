import { expect, test } from "vitest";
import { restoreVersionFor } from "../../server/rdb/rdb-version.ts";
import { startRedis } from "../servers/index.ts";
import { fixtures } from "./encoding-fixtures.ts";
import { restorePayload } from "./rdb-encoder.ts";

const redis70 = { flavor: "redis", version: "7.0.15" } as const;
const server = await startRedis();

test.each(fixtures.filter((fixture) => restoreVersionFor(fixture.type, redis70) !== null))(
  "Redis 7.0 restores the encoding of a $name to what its commands make",
  async ({ name, type, value, commands }) => {
    const { client } = server;
    await client.flushall();
    const payload = restorePayload(type, value, restoreVersionFor(type, redis70)!);
    // ZADD cannot make a score that is not a number, nor does RESTORE take one.
    if (name === "sorted set with scores as text") {
      await expect(client.call("RESTORE", "restored", 0, payload)).rejects.toThrow("Bad data format");
      return;
    }
    await client.call("RESTORE", "restored", 0, payload);
    for (const command of commands) {
      const [verb, ...args] = command.split(" ");
      await client.call(verb!, ...args);
    }
    const digests = (await client.call("DEBUG", "DIGEST-VALUE", "restored", "k")) as string[];
    expect(digests[0]).toBe(digests[1]);
    expect(digests[0]).not.toMatch(/^0+$/);
  },
);

test("Redis 7.0 refuses what restoreVersionFor says it does not know", async () => {
  for (const { type, value } of fixtures.filter(
    (fixture) => restoreVersionFor(fixture.type, redis70) === null,
  )) {
    const payload = restorePayload(type, value, 10);
    await expect(server.client.call("RESTORE", "refused", 0, payload)).rejects.toThrow("Bad data format");
  }
});
