import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { machineMirror } from "../../scripts/debian-archive.mjs";
import { temporaryFolder } from "../servers/index.ts";

/** A folder as /etc/apt, with these files. */
function etc(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "sources.list.d"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

const stanza = (suites: string, path: string) =>
  `Types: deb\n# a comment\nURIs: http://mirror.test/${path}\nSuites: ${suites}\nComponents: main\nSigned-By: /keys/a.gpg\n`;

test("takes the archive of the machine's own release, not that of its security updates", () => {
  const text = `${stanza("bookworm-security", "security")}\n${stanza("bookworm bookworm-updates", "debian")}`;
  expect(machineMirror(etc({ "sources.list.d/debian.sources": text }))).toMatchObject({
    uri: "http://mirror.test/debian",
    options: "[signed-by=/keys/a.gpg] ",
  });
});

test("reads lines of sources.list, options included, and passes over what is switched off", () => {
  const lines = [
    "# deb http://off.test/debian bookworm main",
    "deb http://mirror.test/other bookworm contrib",
    "deb [arch=amd64 signed-by=/keys/b.gpg] http://mirror.test/debian bookworm main contrib",
  ];
  const off = `Enabled: no\n${stanza("bookworm", "off")}`;
  const folder = etc({ "sources.list": lines.join("\n"), "sources.list.d/off.sources": off });
  expect(machineMirror(folder)).toMatchObject({
    uri: "http://mirror.test/debian",
    options: "[signed-by=/keys/b.gpg] ",
  });
});

test("says where it has looked when there is no mirror", () => {
  const folder = etc({ "sources.list": "" });
  expect(() => machineMirror(folder)).toThrow(`${folder}/sources.list.d: add one`);
});
