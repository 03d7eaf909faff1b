import { randomUUID } from "node:crypto";
import { openSecretBox } from "../../server/control/secrets/secret-box.ts";
import { openPeople, type People } from "../../server/people/people.ts";
import type { Role } from "../../server/people/role.ts";
import type { TestControl } from "../control/harness/open-test-control.ts";

export const password = "correct horse battery";

export type TestPeople = {
  readonly people: People;
  /** What went wrong without harm. */
  readonly failures: readonly string[];
  /** A person of this role who has chosen `password`. */
  readonly add: (role: Role, name?: string) => Promise<{ id: string; email: string }>;
  /** The Cookie header of somebody who has signed in, as better-auth signs it. */
  readonly signIn: (email: string) => Promise<string>;
};

/** The people of a test's database. */
export function openTestPeople(
  { database, directory }: Pick<TestControl, "database" | "directory">,
  options: { login?: "on" | "off"; now?: () => number } = {},
): TestPeople {
  const failures: string[] = [];
  const { login = "on", ...rest } = options;
  const people = openPeople({
    db: database,
    directory,
    box: openSecretBox(directory, undefined),
    login,
    onFailure: (what) => failures.push(what),
    ...rest,
  });
  return {
    people,
    failures,
    add: async (role, name = role) => {
      const email = `${role}-${randomUUID().slice(0, 8)}@river.example`;
      const { id, invitation } = people.persons.invite({ name, email, role });
      await people.acceptInvitation(invitation.secret, password);
      return { id, email };
    },
    signIn: async (email) => {
      const client = { from: "127.0.0.1", userAgent: undefined, secure: false };
      const cookies = await people.signIn({ email, password }, client);
      return cookies.map((cookie) => cookie.split(";")[0]).join("; ");
    },
  };
}
