import { expect, test } from "vitest";
import { refusedCommand } from "../../server/redis/refused-command.ts";

test.each([
  ["NOPERM this user has no permissions to run the 'set' command or its subcommand", "SET"],
  ["NOPERM User default has no permissions to run the 'client|kill' command", "CLIENT KILL"],
  [
    "EXECABORT Transaction discarded because of: NOPERM User a has no permissions to run the 'exec' command",
    "EXEC",
  ],
  ["ERR unknown command 'restore', with args beginning with: 'a' '0' ", "RESTORE"],
  ["ERR unknown command `HSET`, with args beginning with: `a`, ", "HSET"],
  ["ERR unknown command 'scan'", "SCAN"],
  ["NOPERM No permissions to access a key", null],
  ["ERR unknown subcommand 'X'. Try CLIENT HELP.", null],
])("%j names the command %j", (answer, command) => {
  expect(refusedCommand(answer)).toBe(command);
});
