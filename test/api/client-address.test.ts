import type { IncomingMessage } from "node:http";
import { expect, it } from "vitest";
import { clientReader } from "../../server/api/client-address.ts";

function client(trusted: string, peer: string, headers: Record<string, string> = {}) {
  const request = { socket: { remoteAddress: peer }, headers } as unknown as IncomingMessage;
  return clientReader(trusted)(request);
}

const forged = { "x-forwarded-for": "1.2.3.4", "x-forwarded-proto": "https" };

it("believes nobody's word on where a request came from unless a proxy is named", () => {
  expect(client("", "127.0.0.1", forged)).toEqual({ from: "127.0.0.1", secure: false });
  expect(client("10.0.0.0/8", "192.168.0.1", forged)).toEqual({ from: "192.168.0.1", secure: false });
});

it("takes the last address that is none of the proxies, so that a client cannot make one up", () => {
  const trusted = "loopback, 10.0.0.0/8, 2001:db8::/32";
  const from = (list: string, peer = "127.0.0.1") => client(trusted, peer, { "x-forwarded-for": list }).from;
  expect(from("203.0.113.7")).toBe("203.0.113.7");
  expect(from("1.2.3.4, 203.0.113.7, 10.0.0.9")).toBe("203.0.113.7");
  expect(from("203.0.113.7", "::ffff:10.1.1.1")).toBe("203.0.113.7");
  expect(from("1.2.3.4, 2001:db9::7", "2001:db8::1")).toBe("2001:db9::7");
});

it("names the proxy where that says nothing that is an address", () => {
  for (const list of ["", "unknown", "203.0.113.7:4711", "10.0.0.1", "' OR 1=1"])
    expect(client("loopback,10.0.0.0/8", "127.0.0.1", { "x-forwarded-for": list }).from, list).toBe(
      "127.0.0.1",
    );
});

it("takes TLS from the last proxy's word", () => {
  const secure = (scheme: string) => client("loopback", "::1", { "x-forwarded-proto": scheme }).secure;
  expect([secure("https"), secure("http"), secure("https, http"), secure("HTTPS")]).toEqual([
    true,
    false,
    false,
    true,
  ]);
});

it("refuses a list that is none, such as the number of proxies", () => {
  for (const trusted of ["1", "true", "proxy.example", "10.0.0.0/33", "10.0.0.0/x", "::/129"])
    expect(() => clientReader(trusted), trusted).toThrow("TRUST_PROXY");
});
