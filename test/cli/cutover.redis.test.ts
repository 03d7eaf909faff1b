import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { clientReader } from "../../server/api/client-address.ts";
import { createHttpServer } from "../../server/api/http-server.ts";
import { requestGuard } from "../../server/api/request-guard.ts";
import { systemInfoOf } from "../../server/api/system-info.ts";
import { cutoverArguments } from "../../server/cli/cutover-arguments.ts";
import { runCutover } from "../../server/cli/run-cutover.ts";
import { openForCutover } from "../control/cutover/open-cutover.ts";
import { openTestPeople } from "../people/open-test-people.ts";
import { freePort, startRedis, temporaryFolder, until } from "../servers/index.ts";

vi.setConfig({ testTimeout: 300_000 });

/** `npm run cutover` in this process. */
const run = (url: string, ...argv: string[]) => runWith({}, url, ...argv);

async function runWith(environment: Record<string, string>, url: string, ...argv: string[]) {
  const said: string[] = [];
  const printed: string[] = [];
  const options = cutoverArguments(["--url", url, "--by", "Ann", ...argv], environment)!;
  const talk = {
    say: (line: string) => void said.push(line),
    print: (text: string) => void printed.push(text),
    ask: null,
  };
  const code = await runCutover(options, talk, new AbortController().signal);
  return { code, said: said.join("\n"), printed: printed.join("\n") };
}

async function world(login: "on" | "off" = "off") {
  const [shard, destination] = await Promise.all([startRedis(), startRedis()]);
  await shard.client.set("k", "1");
  const { control, database, directory } = openForCutover(temporaryFolder());
  const folk = openTestPeople({ database, directory }, { login });
  const { people } = folk;
  const { server, close } = createHttpServer({
    services: { control, people, systemInfo: systemInfoOf("/") },
    clientOf: clientReader(""),
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
  return { shard, destination, control, folk, id, url };
}

test("leads a task of a running Tributary to its end, and says what it waits for", async () => {
  const { destination, control, id, url } = await world();
  const shut = await run(url, "--task", "river", "--wait", "1");
  expect(shut).toMatchObject({
    code: 1,
    said: expect.stringMatching(/shut: A verification found no difference: never/),
  });
  expect(control.cutover(id).cutover?.state.step).toBe("gates");
  const nobody = await run(url, "--task", "lake", "--json");
  expect(nobody.code).toBe(3);
  expect(JSON.parse(nobody.printed).problem).toContain("There is no task lake");
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

test("takes the role of its token: an operator leads up to the last step, which is an administrator's", async () => {
  const { control, folk, id, url } = await world("on");
  const tokenOf = async (role: "operator" | "admin") => {
    const { id: ownerId } = await folk.add(role);
    const expiresAt = Date.now() + 3_600_000;
    return { TRIBUTARY_TOKEN: folk.people.tokens.create({ name: role, role, ownerId, expiresAt }).secret };
  };
  expect(await run(url, "--task", "river")).toMatchObject({
    code: 1,
    said: expect.stringMatching(/sign in/i),
  });
  const operator = await tokenOf("operator");
  const override = ["--override", "verified=a test"];
  expect((await runWith(operator, url, "--task", id, ...override, "--until", "switch")).code).toBe(0);
  expect(await runWith(operator, url, "--task", id, "--yes")).toMatchObject({ code: 1 });
  expect(control.cutover(id).cutover?.state.step).toBe("switch");
  expect((await runWith(await tokenOf("admin"), url, "--task", id, "--yes")).code).toBe(0);
  expect(control.row(id).status).toBe("finished");
});

test("says what it cannot reach, or was not given", async () => {
  const nowhere = `http://127.0.0.1:${await freePort()}`;
  expect(await run(nowhere, "--task", "river")).toMatchObject({ code: 3, printed: "" });
  const json = await run(nowhere, "--task", "river", "--json");
  expect(JSON.parse(json.printed)).toEqual({
    problem: expect.stringContaining(`does not answer at ${nowhere}`),
    reason: null,
  });
  for (const argv of [[], ["--task", "x", "--override", "lag"], ["--task", "x", "--back", "--leave"]])
    expect(() => cutoverArguments(argv)).toThrow(/--task is missing|GATE=REASON|exclude each other/);
  for (const argv of [["--until", "gates"], ["--wait", "0"], ["--url", "here"], ["--nonsense"]])
    expect(() => cutoverArguments(["--task", "x", ...argv])).toThrow();
});
