import { describe, expect, it } from "vitest";
import { TributaryError } from "../../server/errors/tributary-error.ts";
import { type AskedServer, chooseServer } from "../../server/redis/find-master.ts";
import { parseInfo, serverFacts } from "../../server/redis/server-info.ts";

const ours = "a".repeat(40);
const promoted = "b".repeat(40);
const strange = "c".repeat(40);

function server(port: number, ...lines: string[]): AskedServer {
  const endpoint = { host: "h", port, tls: false, username: null, password: null, db: null };
  return { endpoint, facts: serverFacts(parseInfo(lines.join("\r\n"))), error: null };
}

const master = (port: number, replid: string, ...more: string[]) =>
  server(port, "role:master", `master_replid:${replid}`, ...more);
const replica = (port: number, link: string, offset: number) =>
  server(port, "role:slave", `master_link_status:${link}`, `master_repl_offset:${offset}`);
const silent = (port: number): AskedServer => ({
  ...server(port),
  facts: null,
  error: new TributaryError("CONNECT_REFUSED", {}),
});

const history = { replid: ours, offset: 1000n };
const portOf = (servers: AskedServer[], known: typeof history | null = history) => {
  const choice = chooseServer(servers, known);
  return choice === null ? null : `${choice.kind} ${choice.server.endpoint.port}`;
};

describe("the server to read from", () => {
  it("is the master, wherever it stands", () =>
    expect(portOf([silent(1), replica(2, "up", 2000), master(3, strange)])).toBe("master 3"));

  it("is of two masters the one whose history is ours", () => {
    expect(portOf([master(1, strange), master(2, ours)])).toBe("master 2");
    const continues = master(2, promoted, `master_replid2:${ours}`, "second_repl_offset:1001");
    expect(portOf([master(1, strange), continues])).toBe("master 2");
    expect(portOf([continues, master(1, ours)])).toBe("master 1");
  });

  it("is rather one that was behind at its promotion than a stranger, and rather one that was not", () => {
    const behind = master(2, promoted, `master_replid2:${ours}`, "second_repl_offset:1000");
    const inStep = master(3, strange, `master_replid2:${ours}`, "second_repl_offset:1001");
    expect(portOf([master(1, strange), behind])).toBe("master 2");
    expect(portOf([behind, inStep])).toBe("master 3");
  });

  it("is the first master where nothing has been received", () =>
    expect(portOf([master(1, strange), master(2, ours)], null)).toBe("master 1"));

  it("is no server that loads its data, and no Sentinel", () => {
    expect(portOf([master(1, ours, "loading:1")])).toBeNull();
    expect(portOf([master(1, ours, "redis_mode:sentinel")])).toBeNull();
  });

  it("is a replica only if its link is up and it has what was received", () => {
    expect(portOf([replica(1, "down", 2000), replica(2, "up", 999)])).toBeNull();
    expect(portOf([replica(1, "up", 999), replica(2, "up", 1000)])).toBe("replica 2");
  });

  it("is one that does not permit INFO rather than a replica", () =>
    expect(portOf([replica(1, "up", 1000), { ...silent(2), error: null }])).toBe("unknown 2"));
});
