import { expect, test } from "vitest";
import { parseEndpoint } from "../../server/redis/endpoint.ts";

test.each([
  "redis://user:s3c@ret@host:6379/x",
  "redis://user:s3c@ret@host:99999",
  "redis//:s3c@ret@host:6379/1",
  "r\u00e9dis://:s3c@ret@host",
  "redis://user:s3c%@ret@host",
])("never repeats a password of %j, also one with an @", (text) => {
  expect(() => parseEndpoint(text)).toThrowError(expect.objectContaining({ code: "ADDRESS_INVALID" }));
  expect(() => parseEndpoint(text)).not.toThrowError(/s3c|ret/);
});
