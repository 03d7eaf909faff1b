import { describe, expect, it } from "vitest";
import { connectionText, editedAddresses } from "../../../server/control/plan/edited-addresses.ts";
import { parseEndpoint } from "../../../server/redis/endpoint.ts";
import { parseFurther, parseSource } from "../../../server/redis/parse-source.ts";

const none = { username: null, password: null };
const plain = parseSource("redis://ann:former@10.0.0.1:6379", none);
const pool = {
  source: parseEndpoint("redis://:pool@10.0.0.1:6379"),
  ...parseFurther("redis+sentinel://:guard@10.0.0.31,10.0.0.32:26380/my%20master", plain.source),
};

describe("the text of a form", () => {
  it.each([
    "10.0.0.1:6379",
    "[::1]:6380",
    "rediss://redis.example:6379/3",
    "redis+sentinel://10.0.0.31:26379,10.0.0.32:26380/mymaster",
    "rediss+sentinel://10.0.0.31:26379/my%20master",
  ])("leads from %s to the same addresses", (address) => {
    const addresses = parseSource(address, none);
    expect(connectionText(addresses)).toEqual({ address, further: "", username: "" });
    expect(editedAddresses(addresses, connectionText(addresses))).toEqual(addresses);
  });

  it("has further servers in a field of their own", () => {
    const addresses = parseSource("10.0.0.1:6379,10.0.0.2:6379", none);
    expect(connectionText(addresses)).toMatchObject({ address: "10.0.0.1:6379", further: "10.0.0.2:6379" });
    expect(editedAddresses(addresses, connectionText(addresses))).toEqual(addresses);
  });

  it("leads from a pool's server with Sentinels to the same addresses", () =>
    expect(editedAddresses(pool, connectionText(pool))).toEqual(pool));

  it("never holds a password", () =>
    expect(JSON.stringify([connectionText(plain), connectionText(pool)])).not.toMatch(/former|pool|guard/));
});

describe("an edit", () => {
  it("keeps the password where none is given", () => {
    const { source } = editedAddresses(plain, { address: "10.0.0.9:6379", username: "ann" });
    expect(source).toMatchObject({ host: "10.0.0.9", username: "ann", password: "former" });
  });

  it("takes the password that is given, and for the further servers that had the same", () => {
    const former = parseSource("redis://:former@10.0.0.1:6379,10.0.0.2:6379", none);
    const next = editedAddresses(former, { ...connectionText(former), password: "next" });
    expect([next.source, ...next.alternatives].map(({ password }) => password)).toEqual(["next", "next"]);
  });

  it("leaves a further server its own password", () => {
    const former = parseSource("redis://:one@10.0.0.1:6379,redis://:two@10.0.0.2:6379", none);
    const next = editedAddresses(former, { ...connectionText(former), password: "next" });
    expect([next.source, ...next.alternatives].map(({ password }) => password)).toEqual(["next", "two"]);
  });

  it("leaves Sentinels beside a server their own password, and gives it to one that is added", () => {
    const text = connectionText(pool);
    const further = text.further.replace("10.0.0.32:26380", "10.0.0.33");
    const next = editedAddresses(pool, { ...text, further, password: "next" });
    expect(next.source.password).toBe("next");
    expect(next.sentinel?.sentinels.map(({ host, password }) => `${host} ${password}`)).toEqual([
      "10.0.0.31 guard",
      "10.0.0.33 guard",
    ]);
  });

  it("takes away a password that is not asked for any more", () =>
    expect(
      editedAddresses(plain, { ...connectionText(plain), withoutPassword: true }).source.password,
    ).toBeNull());

  it("takes credentials that stand in the address", () =>
    expect(editedAddresses(plain, { address: "redis://bob:next@10.0.0.1:6379" }).source).toMatchObject({
      username: "bob",
      password: "next",
    }));

  it("refuses an address that is none", () =>
    expect(() => editedAddresses(plain, { address: "10.0.0.1:0" })).toThrow(
      expect.objectContaining({ code: "ADDRESS_INVALID" }),
    ));
});
