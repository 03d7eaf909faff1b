import { describe, expect, it } from "vitest";
import { planTask } from "../../server/control/plan/task-plan.ts";
import { controlCharacterIn } from "../../server/redis/control-character.ts";
import { parseEndpoint } from "../../server/redis/endpoint.ts";
import { parseSource } from "../../server/redis/parse-source.ts";
import { parseNutcrackerConfig } from "../../server/twemproxy/nutcracker-config.ts";

const bad = ["\r", "\n", "\r\n", "\0", "\t", "\u001b[31m", "\u007f", "\u0085", "\u2028", "\u202e", "\u2066"];
const nothing = { username: null, password: null };

it("is named, and none is found in what people write", () => {
  expect(controlCharacterIn("a\r\nb")).toBe("a line break");
  expect(controlCharacterIn("a\tb")).toBe("a tab");
  expect(controlCharacterIn("a\u001b[31m")).toBe("the control character U+001B");
  for (const text of ["", "pässword ☂ 密码", "a b'\"\\%{}", "é".normalize("NFD"), "👩‍👩‍👧"])
    expect(controlCharacterIn(text)).toBeNull();
});

describe.each(bad)("%j is refused", (control) => {
  const encoded = encodeURIComponent(control);
  it.each([
    ["an address", () => parseEndpoint(`host${control}:6379`)],
    ["a password in a URL", () => parseEndpoint(`redis://:p4ss${control}w0rd@host:6379`)],
    ["a password that a URL encodes", () => parseEndpoint(`redis://:p4ss${encoded}w0rd@host:6379`)],
    ["a user that a URL encodes", () => parseEndpoint(`redis://us${encoded}er:p@host:6379`)],
    ["the name of a Sentinel's master", () => parseSource(`redis+sentinel://h:1/ma${control}ster`, nothing)],
    [
      "the name of a master that a URL encodes",
      () => parseSource(`redis+sentinel://h:1/ma${encoded}ster`, nothing),
    ],
    ["a Sentinel's password", () => parseSource(`redis+sentinel://:p4${encoded}ss@h:1/master`, nothing)],
    ["a further address", () => parseSource(`h:1,g${control}:2`, nothing)],
  ])("in %s, which is not repeated", (_, parse) => {
    let message = "";
    try {
      parse();
    } catch (error) {
      expect(error).toMatchObject({ code: "ADDRESS_INVALID" });
      message = (error as Error).message;
    }
    expect(message).toMatch(/ holds (a line break|a tab|the control character U\+[0-9A-F]{4})\.$/);
    expect(message).not.toMatch(/p4|w0rd/);
    expect(controlCharacterIn(message)).toBeNull();
  });

  it.each(["name", "username", "password"])("in the field %s of a shard, which is named", (field) => {
    const shards = [{ address: "h:1" }, { address: "h:2", [field]: `a${control}b` }];
    const plan = () => planTask({ source: { kind: "shards", shards }, destination: { address: "h:3" } });
    expect(plan).toThrow(
      expect.objectContaining({
        code: "INPUT_INVALID",
        details: expect.objectContaining({ path: `shards.1.${field}` }),
      }),
    );
  });

  it("in the destination's password, which is named", () => {
    const source = { kind: "shards", shards: [{ address: "h:1" }] } as const;
    const plan = () => planTask({ source, destination: { address: "h:3", password: `a${control}b` } });
    expect(plan).toThrow(/^destination\.password: it holds /);
  });

  it.each(["redis_auth", "listen", "pool", "server"])(
    "in the %s of a nutcracker.yml, at its line",
    (place) => {
      const quoted = (at: string, text: string) =>
        at === place ? JSON.stringify(`${text}${control}x`) : text;
      const text = [
        `${quoted("pool", "alpha")}:`,
        `  listen: ${quoted("listen", "h:1")}`,
        "  redis: true",
        `  redis_auth: ${quoted("redis_auth", "word")}`,
        "  servers:",
        `   - ${quoted("server", "h:1:1 a")}`,
      ].join("\n");
      const line = { pool: 1, listen: 2, redis_auth: 4, server: 6 }[place];
      // JSON leaves some of them as they are, and YAML takes these for the end of a line, or not at all.
      const found = parseNutcrackerConfig(text).problems.filter(({ severity }) => severity === "error");
      expect(found[0]).toMatchObject({ line });
      expect(found[0]?.message).not.toContain(control);
    },
  );
});
