import { describe, expect, it } from "vitest";
import { formatAddress } from "../../server/redis/endpoint.ts";
import { parseFurther, parseSource } from "../../server/redis/parse-source.ts";

const none = { username: null, password: null };
const read = (text: string) => {
  const { source, alternatives, sentinel } = parseSource(text, none);
  return { source: formatAddress(source), alternatives: alternatives.map(formatAddress), sentinel };
};

describe("the addresses of a shard", () => {
  it("are one or several, separated by commas", () => {
    expect(read("h1:7000")).toEqual({ source: "h1:7000", alternatives: [], sentinel: null });
    expect(read("h1:7000, h2 ,[::1]:7001").alternatives).toEqual(["h2:6379", "[::1]:7001"]);
  });

  it("take user, password and TLS from the first one, unless they have their own", () => {
    const { alternatives } = parseSource("rediss://u:p@h1:1/3,h2:2,redis://x:y@h3:3", none);
    expect(alternatives).toEqual([
      { host: "h2", port: 2, tls: true, username: "u", password: "p", db: 3 },
      { host: "h3", port: 3, tls: false, username: "x", password: "y", db: 3 },
    ]);
  });

  it("take what was typed into the fields before all that", () => {
    const { source, alternatives } = parseSource("h1,h2", { username: "u", password: "p" });
    expect([source, ...alternatives].map(({ username, password }) => `${username}:${password}`)).toEqual([
      "u:p",
      "u:p",
    ]);
  });

  it("may have a comma in their password", () => {
    const { source, alternatives } = parseSource("redis://:a,b@h1:1,redis://:c,d@h2:2", none);
    expect([source.password, alternatives[0]?.password]).toEqual(["a,b", "c,d"]);
  });

  it("may be those of Sentinels", () => {
    const { sentinel } = parseSource("rediss+sentinel://u:p%40@h1:1,h2,[::1]/my%2Fmaster", none);
    expect(sentinel?.masterName).toBe("my/master");
    expect(sentinel?.sentinels.map(formatAddress)).toEqual(["h1:1", "h2:26379", "[::1]:26379"]);
    expect(sentinel?.sentinels.every((one) => one.tls && one.username === "u" && one.password === "p@")).toBe(
      true,
    );
  });

  it("stand beside one that is known", () => {
    const known = { host: "h1", port: 1, tls: false, username: null, password: "p", db: null };
    expect(parseFurther(" ", known)).toEqual({ alternatives: [], sentinel: null });
    expect(parseFurther("h2:2", known).alternatives).toEqual([{ ...known, host: "h2", port: 2 }]);
    expect(parseFurther("redis+sentinel://h2/m", known).sentinel?.masterName).toBe("m");
  });

  it.each([
    "h1:1,",
    "redis+sentinel://secret@h1",
    "redis+sentinel:///m",
    "h1:1,redis+sentinel://h2/m",
    "redis+sentinel://h1,h2/",
  ])("are refused when they cannot be read, and no password is repeated: %s", (text) => {
    expect(() => parseSource(text, none)).toThrow(
      expect.objectContaining({ code: "ADDRESS_INVALID", message: expect.not.stringContaining("secret") }),
    );
  });
});
