import { describe, expect, it } from "vitest";
import { isOwnPath, redirectOf } from "../../server/api/page-gate.ts";
import type { Guest } from "../../server/people/guest.ts";
import type { Identity } from "../../server/people/identity.ts";
import type { Role } from "../../server/people/role.ts";

type More = { hasPeople?: boolean; login?: "on" | "off"; guest?: Guest; asksPassword?: boolean };

function to(url: string, role: Role | null, more: More = {}) {
  const identity: Identity | null =
    role === null
      ? null
      : { kind: "person", id: "p", name: "Ann", email: "ann@x.example", role, sessionId: "s" };
  const { guest = null, login = "on", hasPeople = true, asksPassword = false } = more;
  return redirectOf({ url, identity, guest, login, hasPeople, asksPassword });
}

describe("a visit", () => {
  it("of somebody who has not signed in leads to the login, and back after it", () => {
    expect(to("/tasks", null)).toBe("/login");
    expect(to("/tasks/a/shards/b?range=1h", null)).toBe("/login?next=%2Ftasks%2Fa%2Fshards%2Fb%3Frange%3D1h");
    expect(to("/tasks/new?_rsc=1x", null)).toBe("/login?next=%2Ftasks%2Fnew");
    expect(to("/a-page-of-tomorrow", null)).toContain("/login");
    for (const url of ["/login", "/join/secret", "/icon.svg", "/_next/static/x.js"])
      expect(to(url, null), url).toBeNull();
  });

  it("leads to the setup while there is nobody, and never to it afterwards", () => {
    for (const url of ["/", "/tasks", "/login", "/join/x"])
      expect(to(url, null, { hasPeople: false })).toBe("/setup");
    expect(to("/setup", null, { hasPeople: false })).toBeNull();
    expect(to("/setup", null)).toBe("/login");
    expect(to("/setup", "admin")).toBe("/login");
  });

  it("of a role that is too low leads to the page that says so", () => {
    for (const [url, role] of [
      ["/settings/people", "viewer"],
      ["/settings/people?x=1", "operator"],
      ["/settings/audit", "operator"],
    ] as const)
      expect(to(url, role), url).toBe("/denied?needs=admin");
    expect(to("/tasks/new", "viewer")).toBe("/denied?needs=operator");
    for (const url of ["/tasks", "/tasks/a", "/settings/tokens", "/settings/account"])
      expect(to(url, "viewer")).toBeNull();
    expect(to("/settings/people", "admin")).toBeNull();
  });

  it("of the status page leads to the login, unless it is public or asks for a password itself", () => {
    expect(to("/status", null)).toBe("/login?next=%2Fstatus");
    expect(to("/status", "viewer")).toBeNull();
    expect(to("/status", null, { asksPassword: true })).toBeNull();
    expect(to("/status", null, { guest: { kind: "visitor", visit: null } })).toBeNull();
    expect(to("/tasks", null, { guest: { kind: "visitor", visit: null }, asksPassword: true })).toBe(
      "/login",
    );
  });

  it("of a share link leads to its page, and with it to no other", () => {
    const hidden = { values: true, keys: true, hosts: true };
    const guest = { kind: "link", id: "l", taskId: "t", hidden, expiresAt: 1 } as const;
    expect(to("/share/abc", null)).toBeNull();
    expect(to("/share/abc", null, { guest })).toBeNull();
    for (const url of ["/tasks/t", "/share", "/status"])
      expect(to(url, null, { guest }), url).toContain("/login");
  });

  it("asks nobody to sign in where no login is asked for", () => {
    expect(to("/tasks", null, { login: "off", hasPeople: false })).toBeNull();
    for (const url of ["/login", "/setup", "/join/x"]) expect(to(url, null, { login: "off" })).toBe("/tasks");
  });

  it("to the login of somebody who has signed in leads on, but to no other site", () => {
    expect(to("/login?next=%2Ftasks%2Fa", "viewer")).toBe("/tasks/a");
    for (const next of [
      "https://evil.example",
      "//evil.example",
      "/\\evil.example",
      "/%0d%0aX: y",
      "javascript:1",
    ])
      expect(
        to(`/login?next=${next.startsWith("/%") ? next : encodeURIComponent(next)}`, "viewer"),
        next,
      ).toBe("/tasks");
    expect(isOwnPath("/tasks?x=1#y")).toBe(true);
  });
});
