import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { createHttpServer } from "../../server/api/http-server.ts";
import { requestGuard } from "../../server/api/request-guard.ts";
import { systemInfoOf } from "../../server/api/system-info.ts";
import { cutoverArguments } from "../../server/cli/cutover-arguments.ts";
import { runCutover } from "../../server/cli/run-cutover.ts";
import { openForCutover } from "../control/cutover/open-cutover.ts";
import { freePort, startRedis, temporaryFolder, until } from "../servers/index.ts";

vi.setConfig({ testTimeout: 300_000 });

/** `npm run cutover` in this process. */
async function run(url: string, ...argv: string[]) {
  const said: string[] = [];
  const printed: string[] = [];
  const options = cutoverArguments(["--url", url, "--by", "Ann", ...argv])!;
  const talk = {
    say: (line: string) => void said.push(line),
    print: (text: string) => void printed.push(text),
    ask: null,
  };
  const code = await runCutover(options, talk, new AbortController().signal);
  return { code, said: said.join("\n"), printed: printed.join("\n") };
}

async function world() {
  const [shard, destination] = await Promise.all([startRedis(), startRedis()]);
  await shard.client.set("k", "1");
  const { control } = openForCutover(temporaryFolder());
  const { server, close } = createHttpServer({
    services: { control, systemInfo: systemInfoOf("/") },
    guard: requestGuard({ host: "127.0.0.1", allowed: [] }),
    pages: { request: (_, response) => response.end(), upgrade: (_, socket) => socket.destroy() },
    onError: () => {},
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(close);
  const { id } = await control.create(
    {
      name: "river",
      source: { kind: "shards", shards: [{ name: "s", address: shard.url }] },
      destination: { address: destination.url },
    },
    { start: true, skipChecks: true },
  );
  await until(() => control.row(id).status === "synchronizing", {
    what: "it synchronizes",
    timeoutMs: 60_000,
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { shard, destination, control, id, url };
}

test("leads a task of a running Tributary to its end, and says what it waits for", async () => {
  const { destination, control, id, url } = await world();
  const shut = await run(url, "--task", "river", "--wait", "1");
  expect(shut).toMatchObject({
    code: 1,
    said: expect.stringMatching(/shut: A verification found no difference: never/),
  });
  expect(control.cutover(id).cutover?.state.step).toBe("gates");
  expect(await run(url, "--task", "river", "--leave")).toMatchObject({
    code: 0,
    said: "The cutover was left.",
  });

  const there = await run(url, "--task", id, "--override", "verified=a test", "--until", "switch", "--json");
  expect(there.code).toBe(0);
  expect(JSON.parse(there.printed)).toMatchObject({
    task: { cutover: "switch" },
    cutover: { startedBy: { by: "Ann" }, overrides: [{ gate: "verified", reason: "a test" }] },
  });
  expect(await run(url, "--task", "river")).toMatchObject({
    code: 4,
    said: expect.stringContaining("--yes"),
  });
  expect((await run(url, "--task", "river", "--yes")).code).toBe(0);
  expect(control.row(id).status).toBe("finished");
  expect(await destination.client.keys("*")).toEqual(["k"]);
  const report = await run(url, "--task", "river", "--report");
  expect(JSON.parse(report.printed)).toMatchObject({ version: 1, task: { status: "finished" } });
});

test("says what it cannot reach, or was not given", async () => {
  const nowhere = `http://127.0.0.1:${await freePort()}`;
  expect(await run(nowhere, "--task", "river")).toMatchObject({ code: 3 });
  for (const argv of [[], ["--task", "x", "--override", "lag"], ["--task", "x", "--back", "--leave"]])
    expect(() => cutoverArguments(argv)).toThrow(/--task is missing|GATE=REASON|exclude each other/);
  for (const argv of [["--until", "gates"], ["--wait", "0"], ["--url", "here"], ["--nonsense"]])
    expect(() => cutoverArguments(["--task", "x", ...argv])).toThrow();
});
