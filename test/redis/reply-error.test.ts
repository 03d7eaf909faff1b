import { expect, test } from "vitest";
import { TributaryError } from "../../server/errors/tributary-error.ts";
import { isOfConversation, toTributaryError } from "../../server/redis/reply-error.ts";

const context = { role: "the destination", address: "127.0.0.1:1" };

test("says within how many seconds nothing was answered, also where its owner has set no limit", () => {
  const timedOut = new Error("Command timed out");
  expect(toTributaryError(timedOut, context).message).toBe(
    "the destination at 127.0.0.1:1 did not answer within 30 s.",
  );
  expect(toTributaryError(timedOut, { ...context, seconds: 3 }).message).toContain("within 3 s");
});

test.each(["Connection is closed.", "Stream isn't writeable and enableOfflineQueue options is false"])(
  "names what the client says of a connection that is gone: %s",
  (text) => {
    expect(isOfConversation(new Error(text))).toBe(true);
    expect(toTributaryError(new Error(text), context).code).toBe("DESTINATION_LINK_LOST");
  },
);

test("takes what a disk says, and what has a name, for no answer of a server", () => {
  const disk = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  expect(isOfConversation(disk)).toBe(false);
  expect(isOfConversation(new TributaryError("CONNECT_REFUSED", context))).toBe(false);
  expect(isOfConversation("Connection is closed.")).toBe(false);
});
