import { describe, expect, it, onTestFinished } from "vitest";
import { parseEndpoint } from "../../../server/redis/endpoint.ts";
import { FactsPoller } from "../../../server/sync/report/facts-poller.ts";
import { startRedis, until } from "../../servers/index.ts";

describe("FactsPoller", () => {
  it("asks at once when hurried, and ends at once, however long its interval", async () => {
    const server = await startRedis();
    const endpoint = parseEndpoint(`127.0.0.1:${server.port}`);
    const end = new AbortController();
    onTestFinished(() => end.abort());
    let asked = 0;
    const poller = new FactsPoller({
      endpoint: () => endpoint,
      role: "the destination",
      intervalMs: 3_600_000,
      ownKeys: [],
      onFacts: () => asked++,
      signal: end.signal,
    });
    const running = poller.run();
    await until(() => poller.keys !== null, { what: "it asked", timeoutMs: 30_000 });
    expect(poller.keys).toEqual([]);
    await server.client.set("key", "value");
    poller.hurry();
    await until(() => poller.keys?.[0]?.keys === 1, { what: "it asked again", timeoutMs: 30_000 });
    expect(asked).toBe(2);
    end.abort();
    await running;
  });
});
