import { expect, it } from "vitest";
import { beginWithAdmin, loginMode } from "../../server/people/begin-with-admin.ts";
import { openTestControl } from "../control/harness/open-test-control.ts";
import { openTestPeople } from "./open-test-people.ts";

it("no login is needed only where nobody but this machine can connect", () => {
  for (const host of ["127.0.0.1", "127.8.8.8", "localhost", "::1"])
    expect(loginMode("off", host)).toBe("off");
  for (const host of ["0.0.0.0", "::", "10.0.0.1", "127.evil.example", "river.example", "127.0.0.1.example"])
    expect(() => loginMode("off", host), host).toThrow("loopback address only");
  for (const wanted of [undefined, "", "on"]) expect(loginMode(wanted, "0.0.0.0")).toBe("on");
  expect(() => loginMode("false", "127.0.0.1")).toThrow("neither on nor off");
});

it("makes the administrator of the environment once, and takes the password out of it", async () => {
  const { people, signIn } = openTestPeople(openTestControl());
  const env = {
    TRIBUTARY_ADMIN_EMAIL: "Ann@River.example",
    TRIBUTARY_ADMIN_PASSWORD: "correct horse battery",
  };
  await beginWithAdmin(people, env as unknown as NodeJS.ProcessEnv);
  expect(env).not.toHaveProperty("TRIBUTARY_ADMIN_PASSWORD");
  expect(people.persons.list()).toMatchObject([
    { email: "ann@river.example", role: "admin", canSignIn: true },
  ]);
  expect(await signIn("ann@river.example")).toContain("tributary.session_token=");
  const other = {
    TRIBUTARY_ADMIN_EMAIL: "eve@river.example",
    TRIBUTARY_ADMIN_PASSWORD: "another horse battery",
  };
  await beginWithAdmin(people, other as unknown as NodeJS.ProcessEnv);
  expect(people.persons.count()).toBe(1);
});

it("refuses a start with half an administrator, or with a short password", async () => {
  const { people } = openTestPeople(openTestControl());
  const begin = (env: Record<string, string>) => beginWithAdmin(people, env as unknown as NodeJS.ProcessEnv);
  await expect(begin({ TRIBUTARY_ADMIN_EMAIL: "ann@river.example" })).rejects.toThrow(
    "TRIBUTARY_ADMIN_PASSWORD",
  );
  await expect(begin({ TRIBUTARY_ADMIN_PASSWORD: "correct horse battery" })).rejects.toThrow(
    "TRIBUTARY_ADMIN_EMAIL",
  );
  await expect(
    begin({ TRIBUTARY_ADMIN_EMAIL: "ann@river.example", TRIBUTARY_ADMIN_PASSWORD: "short" }),
  ).rejects.toThrow("at least 10 characters");
  expect(people.persons.count()).toBe(0);
});
