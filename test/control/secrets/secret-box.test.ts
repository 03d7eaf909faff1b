import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openSecretBox } from "../../../server/control/secrets/secret-box.ts";
import { holdsPasswords } from "../../../server/control/tasks/task-store.ts";
import { temporaryFolder } from "../../servers/index.ts";
import { openTestControl } from "../harness/open-test-control.ts";

describe("the secret box", () => {
  it("opens what it sealed, after a restart too, and never seals alike", () => {
    const directory = temporaryFolder();
    const box = openSecretBox(directory, undefined);
    const sealed = box.seal("pässword ☂", "task/a");
    expect(sealed).not.toContain("pässword");
    expect(box.seal("pässword ☂", "task/a")).not.toBe(sealed);
    expect(openSecretBox(directory, undefined).open(sealed, "task/a")).toBe("pässword ☂");
  });

  it("makes a key file for its owner alone, and narrows one that is open to others", () => {
    const directory = temporaryFolder();
    openSecretBox(directory, undefined);
    const file = join(directory, "secret.key");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(Buffer.from(readFileSync(file, "utf8"), "base64")).toHaveLength(32);
  });

  it("derives the same key from the same secret, in any directory, without a file", () => {
    const sealed = openSecretBox(temporaryFolder(), "a secret").seal("x", "p");
    const directory = temporaryFolder();
    expect(openSecretBox(directory, "a secret").open(sealed, "p")).toBe("x");
    expect(() => statSync(join(directory, "secret.key"))).toThrow();
  });

  it("makes no new key beside passwords that were sealed with one that is missing", () => {
    const folder = temporaryFolder();
    expect(() => openSecretBox(folder, undefined, true)).toThrow(
      expect.objectContaining({ code: "SECRET_MISSING" }),
    );
    expect(() => statSync(join(folder, "secret.key"))).toThrow();
    openSecretBox(folder, undefined, false);
    openSecretBox(folder, undefined, true);
  });

  it.each([
    ["of the destination", { address: "redis://:word@h:1" }, "h:2", true],
    ["of a shard", { address: "h:1" }, "redis://:word@h:2", true],
    ["of a further server", { address: "h:1" }, "h:2,redis://:word@h:3", true],
    ["of a Sentinel", { address: "h:1" }, "redis+sentinel://:word@h:3/main", true],
    ["of nobody", { address: "h:1" }, "h:2,h:3", false],
  ])("is needed for a password %s", async (_, destination, address, expected) => {
    const { control, database } = openTestControl();
    const source = { kind: "shards", shards: [{ address }] } as const;
    expect(holdsPasswords(database)).toBe(false);
    await control.create({ name: "t", source, destination }, { start: false, skipChecks: true });
    expect(holdsPasswords(database)).toBe(expected);
  });

  it("says SECRET_WRONG for another key, another place, and a text that was changed", () => {
    const box = openSecretBox(temporaryFolder(), "one");
    const sealed = box.seal("x", "p");
    const wrong = { code: "SECRET_WRONG" };
    const errorOf = (action: () => unknown) => {
      try {
        return action();
      } catch (error) {
        return error;
      }
    };
    expect(errorOf(() => openSecretBox(temporaryFolder(), "two").open(sealed, "p"))).toMatchObject(wrong);
    expect(errorOf(() => box.open(sealed, "q"))).toMatchObject(wrong);
    expect(errorOf(() => box.open(`${sealed.slice(0, -4)}AAA=`, "p"))).toMatchObject(wrong);
    expect(errorOf(() => box.open("", "p"))).toMatchObject(wrong);
    const directory = temporaryFolder();
    writeFileSync(join(directory, "secret.key"), "short");
    expect(errorOf(() => openSecretBox(directory, undefined))).toMatchObject(wrong);
  });
});
