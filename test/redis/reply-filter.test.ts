import { describe, expect, test } from "vitest";
import { encodeCommand } from "../../server/redis/encode-command.ts";
import { ReplyFilter, type ReplyRefused } from "../../server/redis/reply-filter.ts";

const LIMIT = 4 * 1024 * 1024;

/** Asks for what is named and feeds the answer, whole and in small pieces; both must end alike. */
function judge(asked: string, answer: string | Buffer, limit = LIMIT): string {
  const bytes = Buffer.from(answer);
  const ends = [bytes.length, bytes.length < 1000 ? 1 : 997].map((size) => {
    const filter = new ReplyFilter(limit);
    for (const command of asked === "" ? [] : asked.split(";")) {
      filter.asked(encodeCommand(command.split(" ")));
    }
    try {
      for (let at = 0; at < bytes.length; at += size) filter.feed(bytes.subarray(at, at + size));
      return "passes";
    } catch (error) {
      return `${(error as ReplyRefused).kind}: ${(error as Error).message}`;
    }
  });
  expect(ends[1]).toBe(ends[0]);
  return ends[0]!;
}

describe("the reply filter", () => {
  test.each([
    ["PING", "+PONG\r\n"],
    ["PING", "-NOAUTH Authentication required.\r\n"],
    ["INFO", "$4\r\na:1\n\r\n"],
    ["EXISTS a;EXISTS b", ":1\r\n:-5\r\n"],
    ["HGET a b", "$-1\r\n"],
    ["HGETALL a", "*0\r\n"],
    ["SCAN 0", "*2\r\n$1\r\n0\r\n*2\r\n$1\r\na\r\n$0\r\n\r\n"],
    ["EVAL x 0", "*2\r\n*1\r\n:1\r\n$-1\r\n"],
    ["MULTI;SET a b;INFO;EXEC", "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n$1\r\nx\r\n"],
    ["MULTI;SET a b;EXEC", "+OK\r\n-ERR unknown\r\n-EXECABORT discarded\r\n"],
    ["WATCH a;MULTI;GET a;EXEC", "+OK\r\n+OK\r\n+QUEUED\r\n*-1\r\n"],
    ["SENTINEL GET-MASTER-ADDR-BY-NAME m", "*-1\r\n"],
  ])("lets pass what a Redis answers to %s", (asked, answer) => {
    expect(judge(asked, answer)).toBe("passes");
  });

  test.each([
    ["PING", "+PONG\r\n$-1\r\n", "nothing was asked for"],
    ["PING", "+PONG\r\n>1\r\n_\r\n", "not RESP"],
    ["PING", "*3\r\n$9\r\nsubscribe\r\n$-1\r\n:1\r\n", "no answer"],
    ["PING", "$-1\r\n", "no answer"],
    ["INFO", "$-1\r\n", "no answer"],
    ["INFO", "*0\r\n", "no answer"],
    ["EXISTS a", ":x\r\n", "not RESP"],
    ["GET a", "$3\r\nabcd\r\n", "end where"],
    ["GET a", "$-2\r\n", "not RESP"],
    ["GET a", "$99999999999\r\n", "not RESP"],
    ["GET a", "+a\rb\r\n", "no answer"],
    ["PING", "+a\rb\r\n", "not RESP"],
    ["PING", "+a\n", "not RESP"],
    ["PING", "HTTP/1.1 200 OK\r\n", "not RESP"],
    ["MULTI;GET a;EXEC", "+OK\r\n+QUEUED\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n", "no answer"],
    ["MULTI;GET a;EXEC", "+OK\r\n+QUEUED\r\n*200000\r\n", "no answer"],
    ["", "$1\r\n", "nothing was asked for"],
  ])("refuses, asked for %s, %j", (asked, answer, why) => {
    expect(judge(asked, answer)).toMatch(new RegExp(`^noise: .*${why}`));
  });

  test("names a TLS port, and an error that nobody has asked for", () => {
    expect(judge("PING", Buffer.from([0x15, 3, 1, 0, 2, 2, 70]))).toMatch(/^tls/);
    expect(judge("", "-DENIED protected mode\r\n")).toBe("refusal: DENIED protected mode");
  });

  test.each([
    ["a status without end", "PING", `+${"x".repeat(70_000)}`],
    ["nested arrays", "EVAL x 0", "*1\r\n".repeat(100)],
    ["an array of 33,000,000", "EVAL x 0", "*33000000\r\n"],
    ["arrays of 100,000 within each other", "EVAL x 0", "*100000\r\n".repeat(8)],
    ["an INFO of 2 MiB", "INFO", `$${2 * 1024 * 1024}\r\n`],
    ["a value past the limit", "GET a", `$${LIMIT}\r\n`],
    [
      "many small values past the limit",
      "HGETALL a",
      `*200000\r\n${`$30\r\n${"y".repeat(30)}\r\n`.repeat(150_000)}`,
    ],
  ])("refuses %s before it is in memory", (_, asked, answer) => {
    const before = process.memoryUsage().arrayBuffers;
    expect(judge(asked, answer)).toMatch(/^limit/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
  });

  test("counts the answers that are waited for together", () => {
    const value = `$${LIMIT - 100}\r\n${"z".repeat(LIMIT - 100)}\r\n`;
    expect(judge("GET a;GET b", value + value)).toBe("passes");
    expect(judge("GET a;GET b;GET c", value + value + value)).toMatch(/^limit/);
  });
});
