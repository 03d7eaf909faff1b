import { createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { readNutcrackerStats } from "../../server/twemproxy/stats.ts";
import { freePort, startNutcracker, startRedis, until } from "../servers/index.ts";

test("reads the counters of a running nutcracker, an ejected server among them", async () => {
  const redis = await startRedis();
  const servers = [
    { port: redis.port, name: "up" },
    { port: await freePort(), name: "down" },
  ];
  const nutcracker = await startNutcracker({ pool: "river", servers, autoEject: true });
  for (let n = 0; n < 40; n++) await nutcracker.client.set(`key:${n}`, "1").catch(() => {});
  const target = { host: "127.0.0.1", port: nutcracker.statsPort };
  const pool = await until(
    async () => {
      const found = (await readNutcrackerStats(target)).pools[0];
      return (found?.serverEjects ?? 0) > 0 && (found?.servers[0]?.requests ?? 0) > 0 && found;
    },
    { what: "the stats tell of the ejection" },
  );
  expect(pool.name).toBe("river");
  expect(pool.servers.map((server) => server.name)).toEqual(["up", "down"]);
  const [up, down] = pool.servers;
  expect(up!.responses).toBeGreaterThan(0);
  expect(up!.ejectedAt).toBeNull();
  expect(Math.abs(Date.now() - down!.ejectedAt!)).toBeLessThan(60_000);
  const stats = await readNutcrackerStats(target);
  expect(stats.version).toMatch(/^\d+\.\d+/);
  expect(Math.abs(Date.now() - stats.at)).toBeLessThan(60_000);
});

async function answering(answer: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    answer(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as { port: number }).port;
}

test("names a port that refuses, is silent, sends something else or never ends", async () => {
  const read = (port: number) => readNutcrackerStats({ host: "127.0.0.1", port }, { timeoutMs: 1000 });
  await expect(read(await freePort())).rejects.toMatchObject({ code: "CONNECT_REFUSED" });
  await expect(read(await answering(() => {}))).rejects.toMatchObject({ code: "CONNECT_TIMEOUT" });
  const other = await answering((socket) => socket.end('{"service":"other"}'));
  await expect(read(other)).rejects.toMatchObject({ code: "CONNECT_FAILED" });
  const endless = await answering((socket) => {
    const more = () => socket.destroyed || socket.write(Buffer.alloc(1_000_000, 0x20), more);
    more();
  });
  await expect(read(endless)).rejects.toMatchObject({ code: "CONNECT_FAILED" });
});
