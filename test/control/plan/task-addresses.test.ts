import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { syncArguments } from "../../../server/cli/sync-arguments.ts";
import { precheckInput } from "../../../server/control/plan/precheck-questions.ts";
import { planTask } from "../../../server/control/plan/task-plan.ts";
import { openSecretBox } from "../../../server/control/secrets/secret-box.ts";
import { precheckInputOf, recordOf, specOf } from "../../../server/control/tasks/task-specs.ts";
import { formatAddress } from "../../../server/redis/endpoint.ts";
import { temporaryFolder } from "../../servers/index.ts";

const text = `alpha:
  listen: 127.0.0.1:22121
  redis: true
  redis_auth: pool-secret
  servers:
    - 10.0.0.1:6379:1 a
    - 10.0.0.2:6379:1 b
`;
const destination = { address: "10.0.0.9:6379" };

function plan(further: Record<string, string>) {
  return planTask({ source: { kind: "nutcracker", text, pool: "alpha", further }, destination });
}

describe("further addresses of a shard", () => {
  it("have the pool's password, and go to the shard that is named", () => {
    const [a, b] = plan({ b: "10.0.0.22:6380" }).shards;
    expect(a).toMatchObject({ alternatives: [], sentinel: null });
    expect(b?.alternatives).toMatchObject([{ host: "10.0.0.22", port: 6380, password: "pool-secret" }]);
  });

  it("are refused for a server that the pool does not have", () =>
    expect(() => plan({ c: "10.0.0.3:1" })).toThrow(expect.objectContaining({ code: "INPUT_INVALID" })));

  it("are stored with their passwords sealed, and come back whole for the shard, its siblings and the checks", () => {
    const planned = plan({
      a: "redis://:replica-secret@10.0.0.11:6379",
      b: "redis+sentinel://:sentinel-secret@10.0.0.31,10.0.0.32:26380/mymaster",
    });
    const box = openSecretBox(temporaryFolder(), randomBytes(32).toString("hex"));
    const record = recordOf(planned, { id: "t", name: "t", now: 0 }, box);
    expect(JSON.stringify(record)).not.toMatch(/-secret/);
    const [a, b] = planned.shards;
    const options = { box, dataDirectory: "/d", spoolQuotaBytes: 1 };
    const spec = specOf(
      record,
      { record: record.shards[0]!, hasCheckpoint: false, initialSyncs: 1 },
      options,
    );
    expect(spec).toMatchObject({ source: a?.endpoint, alternatives: a?.alternatives, sentinel: null });
    expect(spec.siblings).toMatchObject([{ source: b?.endpoint, alternatives: [], sentinel: b?.sentinel }]);
    expect(spec).toMatchObject({
      publish: "forward",
      onDestinationDataLost: "resync",
      initialSyncsBefore: 1,
    });
    expect(precheckInputOf(record, box).shards).toMatchObject([
      { alternatives: a?.alternatives },
      { sentinel: b?.sentinel },
    ]);
  });
});

describe("the address of a running nutcracker's statistics", () => {
  const withStats = (stats?: string) =>
    planTask({ source: { kind: "nutcracker", text, pool: "alpha", stats }, destination });

  it("is kept with the task, and asked by its checks for the pool and all its servers", () => {
    const planned = withStats("10.0.0.5");
    const box = openSecretBox(temporaryFolder(), randomBytes(32).toString("hex"));
    const record = JSON.parse(JSON.stringify(recordOf(planned, { id: "t", name: "t", now: 0 }, box)));
    const stats = {
      address: { host: "10.0.0.5", port: 22222 },
      pool: "alpha",
      servers: ["a", "b"],
      mergePolicy: "owner-wins",
    };
    expect(precheckInput(planned)).toMatchObject({ stats });
    expect(precheckInputOf(record, box)).toMatchObject({ stats });
  });

  it.each([undefined, ""])("is not asked where it is %j", (stats) =>
    expect(precheckInput(withStats(stats))).not.toHaveProperty("stats"),
  );

  it.each(["10.0.0.5:x", "10.0.0.5\r\n:1", "redis://10.0.0.5:1"])(
    "is refused at its field where it is %j",
    (stats) =>
      expect(() => withStats(stats)).toThrow(
        expect.objectContaining({
          code: "INPUT_INVALID",
          details: expect.objectContaining({ path: "stats" }),
        }),
      ),
  );
});

describe("npm run sync", () => {
  const sync = (...argv: string[]) => syncArguments(["--destination", "10.0.0.9", ...argv])!.plan;

  it("takes several addresses of a shard, its Sentinels, and the choices", () => {
    const { shards, publish, onDestinationDataLost } = sync(
      ...["--shard", "redis://:p@h1:1,h2:2", "--shard", "redis+sentinel://s1,s2/m"],
      ...["--publish", "skip", "--on-data-lost", "stop"],
    );
    expect({ publish, onDestinationDataLost }).toEqual({ publish: "skip", onDestinationDataLost: "stop" });
    expect(shards[0]?.alternatives).toMatchObject([{ host: "h2", password: "p" }]);
    expect(shards[1]?.sentinel?.sentinels.map(formatAddress)).toEqual(["s1:26379", "s2:26379"]);
  });

  it.each([
    [["--shard", "h1", "--also", "a=h2"], /--also goes with --nutcracker/],
    [["--shard", "h1", "--nutcracker-stats", "h2"], /--nutcracker-stats goes with --nutcracker/],
    [["--shard", "h1", "--publish", "maybe"], /--publish takes forward or skip, not maybe/],
    [["--shard", "h1", "--on-data-lost", "cry"], /--on-data-lost takes resync or stop, not cry/],
  ])("refuses %s", (argv, message) => expect(() => sync(...argv)).toThrow(message));

  it("takes the statistics of the running nutcracker, which change nothing of the checkpoint's name", () => {
    const file = join(temporaryFolder(), "nutcracker.yml");
    writeFileSync(file, text);
    const parsed = (...more: string[]) =>
      syncArguments(["--destination", "h9", "--nutcracker", file, ...more])!;
    const { plan: planned, taskId } = parsed("--nutcracker-stats", "10.0.0.5:2");
    expect(planned.source).toMatchObject({ stats: { host: "10.0.0.5", port: 2 } });
    expect(taskId).toBe(parsed().taskId);
    expect(() => parsed("--nutcracker-stats", "h\tx")).toThrow(/it holds a tab/);
  });

  it("gives the checkpoint the same name whichever further addresses a shard has", () => {
    const idOf = (shard: string) => syncArguments(["--destination", "h9", "--shard", shard])!.taskId;
    expect(idOf("h1,h2")).toBe(idOf("h1"));
  });
});
