import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { VerificationStore } from "../../server/control/verification/verification-store.ts";
import type { Difference } from "../../server/verify/difference.ts";
import { twoShards } from "../control/harness/open-test-control.ts";
import { readCsv } from "../control/verification/read-csv.ts";
import { finding, finishedRun } from "../control/verification/verification-for-test.ts";
import { startApi } from "./start-api.ts";

async function world(found: readonly Difference[]) {
  const api = await startApi();
  const { id } = await api.control.create(twoShards, { start: false, skipChecks: true });
  const run = new VerificationStore(api.database).add(id, finishedRun(found));
  const get = (file: string, init?: RequestInit) => fetch(`${api.url}/api/verifications/${id}/${file}`, init);
  return { ...api, id, run, get };
}

const shown = (text: string) => Buffer.from(text);
const side = { type: "string", bytes: 64, expireAt: -1, digest: null, beginning: [] };

describe("a run's findings as a file", () => {
  it("are CSV by RFC 4180, in which nothing is a formula and no byte of a key is lost", async () => {
    const { get, run } = await world([
      finding('=cmd|"/c calc"!A1,\r\n', {
        elements: [
          { part: "field", name: shown("=f"), source: shown("-1"), destination: null },
          { part: "field", name: shown("g"), source: null, destination: shown("2") },
        ],
      }),
      finding(Buffer.from([0x2d, 0x00, 0xff]), {
        kind: "extra",
        shard: null,
        source: null,
        destination: {
          ...side,
          expireAt: 1_800_000_000_000,
          beginning: [{ part: "string", name: shown(""), value: shown("@SUM(A1)") }],
        },
      }),
    ]);
    const answer = await get(`${run}.csv`);
    expect(answer.headers.get("content-type")).toContain("text/csv");
    expect(answer.headers.get("content-disposition")).toBe(`attachment; filename="verification-${run}.csv"`);
    const text = await answer.text();
    const [head, first, second, ...rest] = readCsv(text);
    expect(rest).toEqual([]);
    const cells = (row: string[]) => Object.fromEntries(head!.map((name, index) => [name, row[index]]));
    expect(cells(first!)).toMatchObject({
      number: "1",
      kind: "value",
      differs: "yes",
      shard: "a",
      key: '\\x3dcmd|"/c calc"!A1,\\x0d\\x0a',
      parts: "field =f: -1 / absent; field g: absent / 2",
    });
    expect(cells(second!)).toMatchObject({
      kind: "extra",
      shard: "",
      key: "\\x2d\\x00\\xff",
      shard_type: "absent",
      destination_type: "string",
      destination_expires: "1800000000000",
      destination_value: "'@SUM(A1)",
    });
  });

  it("are JSON with every key in base64, and with the verdict", async () => {
    const { get, run, id } = await world([
      finding(Buffer.from([0xff, 0x22])),
      finding("b", { kind: "stale" }),
    ]);
    const file = await (await get(`${run}.json`)).json();
    expect(file).toMatchObject({
      task: { id, name: "river" },
      run: { id: run, outcome: "different" },
      verdict: { counts: { value: 1, stale: 1 }, shards: [{ shardName: "a" }, { shardName: "b" }] },
      findings: [
        { number: 1, kind: "value", differs: true, key: { text: '\\xff"', base64: "/yI=" } },
        { number: 2, kind: "stale", differs: false },
      ],
    });
    expect(file.verdict).not.toHaveProperty("listed");
  });

  it("are those that the query asks for", async () => {
    const { get, run } = await world([finding("a:1"), finding("b:1", { kind: "missing" }), finding("a:2")]);
    const numbers = async (query: string) =>
      (await (await get(`${run}.json${query}`)).json()).findings.map(
        ({ number }: { number: number }) => number,
      );
    expect(await numbers("")).toEqual([1, 2, 3]);
    expect(await numbers("?text=a%3A")).toEqual([1, 3]);
    expect(await numbers("?kind=missing&differs=true&shardId=a&db=0")).toEqual([2]);
    expect(await numbers("?differs=false")).toEqual([]);
  });

  it("are all of them, however many", async () => {
    const { get, run } = await world(Array.from({ length: 10_000 }, (_, number) => finding(`k:${number}`)));
    const rows = readCsv(await (await get(`${run}.csv`)).text());
    expect(rows).toHaveLength(10_001);
    expect(rows.at(-1)![0]).toBe("10000");
  });

  it("harm nothing when the reader goes away", async () => {
    const { get, run, id, port } = await world(
      Array.from({ length: 10_000 }, (_, number) => finding(`${"k".repeat(1000)}${number}`)),
    );
    const socket = connect(port, "127.0.0.1");
    socket.write(`GET /api/verifications/${id}/${run}.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
    await once(socket, "data");
    socket.destroy();
    expect((await get(`${run}.csv?text=none`)).status).toBe(200);
  });

  it("are refused with a reason where there are none", async () => {
    const { get, run } = await world([]);
    const refused = async (file: string, init?: RequestInit) => {
      const answer = await get(file, init);
      const body = await answer.json().catch(() => null);
      return [answer.status, body?.error.data.reason.code ?? null];
    };
    expect(await refused("99.csv")).toEqual([404, "VERIFICATION_UNKNOWN"]);
    expect(await refused(`../nothing/${run}.csv`)).toEqual([404, "TASK_UNKNOWN"]);
    expect(await refused(`${run}.xls`)).toEqual([400, "INPUT_INVALID"]);
    expect(await refused(`${run}.csv?kind=other`)).toEqual([400, "INPUT_INVALID"]);
    expect(await refused(`${run}.csv?db=-1`)).toEqual([400, "INPUT_INVALID"]);
    const json = { "content-type": "application/json" };
    expect(await refused(`${run}.csv`, { method: "POST", headers: json })).toEqual([404, "ROUTE_UNKNOWN"]);
  });
});

describe("what a verification is asked for", () => {
  it("takes no range with the numbers of keys alone", async () => {
    const { url, id } = await world([]);
    const answer = await fetch(`${url}/api/trpc/verify.start`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ id, depth: "counts", sample: 5 }),
    });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain("counts takes all keys");
  });
});
