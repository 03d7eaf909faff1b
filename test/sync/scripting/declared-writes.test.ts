import { expect, test } from "vitest";
import { writesDeclaredAlone } from "../../../server/sync/scripting/declared-writes.ts";

test.each([
  "return redis.call('SET', KEYS[1], ARGV[1])",
  'if redis.call("EXISTS", KEYS[1]) == 1 then redis.call("INCR", KEYS[2]) end',
  "return redis.call('GET', 'made:' .. ARGV[1])",
  "local key = KEYS[1] local n = redis.call('INCR', key) if n == 1 then redis.call('EXPIRE', key, ARGV[1]) end return n",
  "local from, to = KEYS[1], KEYS[2]; return redis.call('RENAME', from, to)",
  "for _, key in ipairs(KEYS) do redis.call('DEL', key) end",
  "for i = 1, #KEYS do redis.call('HSET', KEYS[i], 'f', i) end",
  "return redis.call('DEL', unpack(KEYS))",
  "-- redis.call('SET', 'x', 1)\nreturn redis.pcall('ZADD', KEYS[1], 1, [[redis.call('SET', 'x')]])",
  "--[[ local redis = nil ]] redis.log(redis.LOG_NOTICE, 'x') return redis.error_reply('no')",
  "return redis.call('SUNIONSTORE', KEYS[1], 'made', 'up')",
  "return redis.call('KEYS', '*')",
])("sees that a script writes what it declares alone: %s", (body) => {
  expect(writesDeclaredAlone(body)).toBe(true);
});

test.each([
  "return redis.call('SET', 'made', 1)",
  "return redis.call('SET', KEYS[1] .. ':lock', 1)",
  "return redis.call('SET', ARGV[1], 1)",
  "local key = KEYS[1] .. 'x' return redis.call('INCR', key)",
  "local key = KEYS[1] or 'x' return redis.call('INCR', key)",
  "local a, b = KEYS[1] .. KEYS[2] return redis.call('INCR', b)",
  "local key = KEYS[1] key = 'x' return redis.call('INCR', key)",
  "local key, n = KEYS[1], KEYS[2] n, key = 1, 'x' return redis.call('INCR', key)",
  "local key = KEYS[1] local function f(key) return redis.call('INCR', key) end return f('x')",
  "local key = KEYS[1] for key in pairs({x = 1}) do redis.call('INCR', key) end",
  "KEYS[1] = 'x' return redis.call('INCR', KEYS[1])",
  "table.insert(KEYS, 'x') return redis.call('INCR', KEYS[2])",
  "KEYS = {'x'} return redis.call('INCR', KEYS[1])",
  "local k = KEYS k[1] = 'x' return redis.call('INCR', KEYS[1])",
  "local call = redis.call return call('INCR', 'x')",
  "local r = redis return r.call('INCR', 'x')",
  "return redis['call']('INCR', 'x')",
  "return pcall(redis.call, 'INCR', 'x')",
  "local name = 'INCR' return redis.call(name, KEYS[1])",
  "return _G.redis.call('INCR', 'x')",
  "return loadstring('return redis')().call('INCR', 'x')",
  "return redis.call('DEL', KEYS[1], 'x')",
  "return redis.call('RPOPLPUSH', KEYS[1], 'x')",
  "return redis.call('MSET', KEYS[1], 1, 'x', 2)",
  "return redis.call('BITOP', 'NOT', 'x', KEYS[1])",
  "return redis.call('SORT', KEYS[1], 'STORE', 'x')",
  "redis.call('SELECT', 3) return redis.call('SET', KEYS[1], 1)",
  "return redis.call('MOVE', KEYS[1], 3)",
  "return redis.call('XGROUP', 'CREATE', 'x', 'g', 0)",
  "return redis.call('SOMETHING.NEW', KEYS[1])",
  "return redis.call('SET', \"KEYS[1]",
  "--[[ a comment without an end",
])("does not take a script for one that does: %s", (body) => {
  expect(writesDeclaredAlone(body)).toBe(false);
});

test.each([
  "a,".repeat(8000),
  "KEYS[".repeat(3000),
  "local a,".repeat(2000),
  "[=".repeat(8000),
  "(".repeat(16_000),
])("looks at any body in a moment (%#)", (body) => {
  const began = performance.now();
  writesDeclaredAlone(body);
  expect(performance.now() - began).toBeLessThan(1000);
});
