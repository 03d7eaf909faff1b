import { expect, test } from "vitest";
import { TributaryError } from "../../server/errors/tributary-error.ts";
import { formatAddress, parseEndpoint } from "../../server/redis/endpoint.ts";
import { fuzz, fuzzRuns, fuzzTimeout } from "./fuzz.ts";

const addresses = [
  "127.0.0.1:6379",
  "localhost",
  "[::1]:6380",
  "cache.example.com:6390",
  "redis://user:s3cret@10.0.0.1:6379/5",
  "rediss://:p%40ss%3Aword@cache.example:6380/0",
  "redis://:s3cret@[fe80::1]/3",
];

test(`a broken address is ADDRESS_INVALID or a host with a port, ${fuzzRuns} times`, {
  timeout: fuzzTimeout,
}, async () => {
  await fuzz({
    name: "address",
    corpus: addresses.map((text) => Buffer.from(text)),
    fields: "decimal",
    refuses: true,
    mayAllocate: () => 1024,
    read: (input) => {
      const text = input.toString("latin1");
      try {
        const endpoint = parseEndpoint(text);
        expect(endpoint.host).not.toBe("");
        expect(endpoint.port).toBeGreaterThanOrEqual(1);
        expect(endpoint.port).toBeLessThanOrEqual(65_535);
        expect(endpoint.db ?? 0).toBeLessThan(1_000_000);
        const again = parseEndpoint(formatAddress(endpoint));
        expect([again.host, again.port]).toEqual([endpoint.host, endpoint.port]);
        return false;
      } catch (error) {
        if (!(error instanceof TributaryError)) throw error;
        expect(error.code).toBe("ADDRESS_INVALID");
        // Whatever stands before the last @ may be a password.
        const secret = text.slice(0, text.lastIndexOf("@") + 1).match(/s3cret|p%40ss/)?.[0];
        if (secret !== undefined && !text.slice(text.lastIndexOf("@")).includes(secret)) {
          expect(error.message).not.toContain(secret);
        }
        return true;
      }
    },
  });
});
