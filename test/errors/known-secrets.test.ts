import { describe, expect, it } from "vitest";
import { knowSecret, withoutSecrets } from "../../server/errors/known-secrets.ts";
import { TributaryError } from "../../server/errors/tributary-error.ts";
import { toTributaryError } from "../../server/redis/reply-error.ts";
import { parseInfo, serverFacts } from "../../server/redis/server-info.ts";
import { StreamLedger } from "../../server/sync/ledger/stream-ledger.ts";
import { ReportBuilder } from "../../server/sync/status/report-builder.ts";

const password = `h"u'n<t>er&2 säge\\1+/`;
knowSecret(password);
const bytes = Buffer.from(password);
const hex = (prefix: string) => bytes.toString("hex").replace(/../g, (pair) => prefix + pair);

/** How a text may repeat a password. */
const forms: Record<string, string> = {
  "as it is": password,
  "in upper case": password.toUpperCase(),
  "decoded by another character set": bytes.toString("latin1"),
  "in JSON": JSON.stringify(password),
  "in JSON in JSON": JSON.stringify(JSON.stringify(password)),
  "percent-encoded": encodeURIComponent(password),
  "percent-encoded in lower case": encodeURIComponent(password).toLowerCase(),
  "percent-encoded throughout": hex("%"),
  "as a form's field": encodeURIComponent(password).replaceAll("%20", "+"),
  "in hex": bytes.toString("hex"),
  "in upper hex": bytes.toString("hex").toUpperCase(),
  "in escapes": hex("\\x"),
  "in spaced hex": hex(" ").trim(),
  "in base64": bytes.toString("base64"),
  "in base64url": bytes.toString("base64url"),
  "in base64 behind one byte": Buffer.concat([Buffer.from("a"), bytes]).toString("base64"),
  "in base64 behind a name": Buffer.from(`user:${password}`).toString("base64"),
  "in base64 within a command": Buffer.from(`AUTH ${password} x`).toString("base64"),
  "with Redis's quotes": `h\\"u'n<t>er&2 s\\xc3\\xa4ge\\\\1+/`,
  "in a shell's quotes": password.replace(/'/g, "'\\''"),
  "in SQL's quotes": password.replace(/'/g, "''"),
  "with backslashes before quotes": password.replace(/'/g, "\\'"),
  "in HTML": "h&quot;u&#39;n&lt;t&gt;er&amp;2 säge\\1+/",
  backwards: [...password].reverse().join(""),
};

describe("a password that a server repeats", () => {
  it.each(Object.entries(forms))("%s is taken out", (_, form) => {
    const text = withoutSecrets(`ERR invalid: [${form}], try again`);
    expect(text).toContain("***");
    expect(text).toMatch(/^ERR invalid: \[/);
    // No eight characters in a row are left of it.
    for (let at = 0; at + 8 <= form.length; at++) expect(text).not.toContain(form.slice(at, at + 8));
  });

  it("and cuts off is taken out", () =>
    expect(
      withoutSecrets(`ERR unknown command 'AUTH', with args beginning with: ${password.slice(0, 14)}`),
    ).toBe("ERR unknown command 'AUTH', with args beginning with: ***"));

  it("of three characters is taken out between quotes, and leaves words alone", () => {
    knowSecret("abc");
    expect(withoutSecrets("'abc' of the abcess")).toBe("*** of the abcess");
  });

  const said = `${password} was wrong`;
  it("is in no error's message", () => {
    const address = "h:1";
    const told = [
      new TributaryError("CONNECT_FAILED", { role: "shard a", address, detail: said }).message,
      toTributaryError(new Error(`ERR ${said}`), { role: "shard a", address, command: "INFO" }).message,
      toTributaryError(new Error(`ERR unknown command '${password}'`), { role: "shard a", address }).message,
      toTributaryError(new Error(`ERR ${"x".repeat(190)} ${password}`), { role: "shard a", address }).message,
    ];
    for (const message of told) {
      expect(message).not.toContain("er&2");
      expect(message).not.toContain(`h"u'n`);
    }
  });

  it("is in no fact, refusal, script's answer or event", () => {
    const line = password.replace(/:/g, "");
    const facts = serverFacts(
      parseInfo(
        `redis_version:7.0 ${line}\r\nrun_id:${line}\r\nrole:slave\r\nmaster_host:${line}\r\nmaster_port:1`,
      ),
    );
    const ledger = new StreamLedger(
      () => 0,
      () => {},
    );
    const { refusals, scripts } = ledger;
    refusals.add("rejected", "SET", 0, "ERR", said, () => `SET ${password}`);
    scripts.add({ sha: "1", name: "one" }, true, said);
    const reports: unknown[] = [];
    const builder = new ReportBuilder(
      { taskId: "t", shardId: "s" } as never,
      () => 0,
      (report) => void reports.push(report),
    );
    builder.event({ level: "warning", type: "refresh-failed", message: said });
    const nothing = { facts: null, address: null, keys: null };
    builder.send({ source: nothing, destination: nothing, ledger, generation: null } as never);
    const all = JSON.stringify([
      String(facts.masterReplOffset),
      facts.version,
      facts.runId,
      facts.masterAddress,
      reports,
    ]);
    expect(all).toContain("***");
    expect(all).not.toContain("er&2");
  });
});
