import { connect } from "node:net";
import { expect, test } from "vitest";
import { parseNutcrackerStats } from "../../server/twemproxy/stats.ts";
import { startNutcracker, startRedis, until } from "../servers/index.ts";
import { fuzz, fuzzRuns, fuzzTimeout } from "./fuzz.ts";

function readAll(port: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect({ host: "127.0.0.1", port });
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.once("end", () => resolve(Buffer.concat(chunks)));
    socket.once("error", reject);
  });
}

function everyNumber(value: unknown): number[] {
  if (typeof value === "number") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(everyNumber) : [];
}

test(`broken statistics of nutcracker are null, or numbers that are finite, ${fuzzRuns} times`, {
  timeout: fuzzTimeout,
}, async () => {
  const shards = [await startRedis(), await startRedis()];
  const nutcracker = await startNutcracker({ servers: shards.map(({ port }) => ({ port })) });
  for (let n = 0; n < 20; n++) await nutcracker.client.set(`key:${n}`, n);
  const real = await until(
    async () => {
      const text = await readAll(nutcracker.statsPort);
      const servers = parseNutcrackerStats(text.toString())?.pools[0]?.servers ?? [];
      return servers.some(({ requests }) => requests > 0) && text;
    },
    { what: "nutcracker has counted requests", timeoutMs: 60_000 },
  );
  await fuzz({
    name: "nutcracker stats",
    corpus: [real],
    fields: "decimal",
    refuses: true,
    mayAllocate: () => 1024,
    read: (input) => {
      const stats = parseNutcrackerStats(input.toString());
      if (stats === null) return true;
      for (const number of everyNumber(stats)) expect(Number.isFinite(number), String(number)).toBe(true);
      return false;
    },
  });
});
