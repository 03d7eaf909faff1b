import { describe, expect, it } from "vitest";
import { hostMask } from "../../server/api/masking/host-mask.ts";
import { maskedEvent } from "../../server/api/masking/masked-events.ts";
import { HIDDEN, maskedDifference, maskedReason } from "../../server/api/masking/masked-text.ts";
import { reasonOf } from "../../server/errors/tributary-error.ts";

const all = { values: true, keys: true, hosts: true };

describe("a text without hosts", () => {
  const hide = hostMask(["10.0.0.1", "redis", "redis-3.internal", "fd00::7"], "salt");
  const bare = (text: string) => hide(text).replace(/host-[0-9a-f]{6}/g, "HOST");

  it.each([
    ["10.0.0.1:6379 refused the connection.", "HOST:6379 refused the connection."],
    ["10.0.0.1.", "HOST."],
    ["10.0.0.12:6379", "HOST:6379"],
    ["10.0.0.1-6379", "HOST-6379"],
    ["[fd00::7]:6379, [fe80::1%]:1", "HOST:6379, [fe80::1%]:1"],
    ["[2001:db8::9]:6379 and fd00-7-6379", "HOST:6379 and HOST-6379"],
    ["redis:6379", "HOST:6379"],
    ["redis 7.0.15 says getaddrinfo ENOTFOUND redis", "redis 7.0.15 says getaddrinfo ENOTFOUND HOST"],
    ["MOVED 12182 cache-9.other.example:7000", "MOVED 12182 HOST:7000"],
    ["redis-3.internal is away", "HOST is away"],
    ["as of 14:02:11, in 1.5 s", "as of 14:02:11, in 1.5 s"],
  ])("of %s", (text, without) => expect(bare(text)).toBe(without));

  it("has one name for a host wherever it stands, and another for another", () => {
    const [one, again, other] = ["10.0.0.1:1", "at 10.0.0.1-2", "10.0.0.2:1"].map(
      (text) => /host-\w+/.exec(hide(text))![0],
    );
    expect(again).toBe(one);
    expect(other).not.toBe(one);
    expect(hostMask(["10.0.0.1"], "other salt")("10.0.0.1")).not.toBe(one);
  });
});

describe("a text that may quote a server", () => {
  it("keeps of a reason what happened, and where", () => {
    const role = { role: "shard a", address: "h:1" };
    const reason = reasonOf("ANSWER_REFUSED", { ...role, detail: "secret" });
    expect(maskedReason(reason, all).message).toBe(`shard a at h:1 sent an invalid reply: ${HIDDEN}.`);
    const refused = reasonOf("CONNECT_FAILED", { ...role, detail: "EHOSTUNREACH" });
    expect(maskedReason(refused, all)).toEqual(refused);
  });

  it("keeps of an event that is not known its kind alone", () => {
    const event = { type: "of-tomorrow", message: "k is v" };
    expect(maskedEvent(event, all).message).toBe(`Of tomorrow: ${HIDDEN}`);
    const known = { type: "task-paused", message: "The task was paused." };
    expect(maskedEvent(known, all)).toEqual(known);
  });

  it("keeps of a difference the rule by which something was skipped, and not what a server answered", () => {
    const skipped = "FLUSHALL was not applied: it is of one shard";
    expect(maskedDifference(skipped, all)).toBe(skipped);
    const rejected = "SET was not applied: the destination refused it: ERR k v";
    expect(maskedDifference(rejected, all)).toBe(
      `SET was not applied: the destination refused it: ${HIDDEN}`,
    );
    const kept = "The shard has lost 1 key, for example k: they are kept.";
    expect(maskedDifference(kept, { ...all, keys: false })).toBe(kept);
    expect(maskedDifference(kept, all)).not.toContain(" k:");
  });
});
