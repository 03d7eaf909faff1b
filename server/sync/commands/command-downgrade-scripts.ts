/** What older servers have no command for, as scripts of commands that Redis 5.0 has. */

/** More than this many values cannot be unpacked for one call (lua: luaconf.h LUAI_MAXCSTACK, of 8000). */
export const MAX_UNPACKED = 7000;

/** LMOVE. KEYS: from, to. ARGV: LPOP or RPOP, LPUSH or RPUSH. */
export const move = `local v = redis.call(ARGV[1], KEYS[1])
if v then redis.call(ARGV[2], KEYS[2], v) end
return v`;

/** COPY … REPLACE. KEYS: from, to. ARGV: the other database, if it is another. */
export const copy = `local v = redis.call('DUMP', KEYS[1])
local ttl = math.max(0, redis.call('PTTL', KEYS[1]))
if ARGV[1] then redis.call('SELECT', ARGV[1]) end
if v then redis.call('RESTORE', KEYS[2], ttl, v, 'REPLACE') end
return v and 1 or 0`;

/** ZRANGESTORE. KEYS: to, from. ARGV: the command that reads the range, and its arguments behind the key. */
export const rangeStore = `local found = redis.call(ARGV[1], KEYS[2], unpack(ARGV, 2))
local scores = {}
for i, m in ipairs(found) do scores[i] = redis.call('ZSCORE', KEYS[2], m) end
redis.call('DEL', KEYS[1])
for i, m in ipairs(found) do redis.call('ZADD', KEYS[1], scores[i], m) end`;

/** ZDIFFSTORE. KEYS: to, from, those whose members are left out. */
export const difference = `local gone = {}
for i = 3, #KEYS do
  local set = redis.call('TYPE', KEYS[i]).ok == 'set'
  local all = set and redis.call('SMEMBERS', KEYS[i]) or redis.call('ZRANGE', KEYS[i], 0, -1)
  for _, m in ipairs(all) do gone[#gone + 1] = m end
end
redis.call('ZUNIONSTORE', KEYS[1], 1, KEYS[2])
for _, m in ipairs(gone) do redis.call('ZREM', KEYS[1], m) end`;

/** ZADD with GT or LT. ARGV: 1 for GT, 1 for XX, 1 for INCR, then scores and members. */
export const addIf = `local gt, xx, incr = ARGV[1] == '1', ARGV[2] == '1', ARGV[3] == '1'
for i = 4, #ARGV, 2 do
  local old, score, m = redis.call('ZSCORE', KEYS[1], ARGV[i + 1]), ARGV[i], ARGV[i + 1]
  local before = old and tonumber(old)
  local after = tonumber(score)
  if before and incr then after = before + after end
  if not before then
    if not xx then redis.call('ZADD', KEYS[1], score, m) end
  elseif (gt and after > before) or (not gt and after < before) then
    redis.call(incr and 'ZINCRBY' or 'ZADD', KEYS[1], score, m)
  end
end`;

/** GEOADD with NX, XX. ARGV: that, then longitudes, latitudes and members. */
export const geoAddIf = `for i = 2, #ARGV, 3 do
  local there = redis.call('ZSCORE', KEYS[1], ARGV[i + 2])
  if ARGV[1] == '' or (ARGV[1] == 'NX') == (not there) then
    redis.call('GEOADD', KEYS[1], ARGV[i], ARGV[i + 1], ARGV[i + 2])
  end
end`;

/** XTRIM … MINID. ARGV: the least ID that stays. */
export const trimBelow = `local least = string.find(ARGV[1], '-', 1, true) and ARGV[1] or ARGV[1] .. '-0'
local gone
repeat
  gone = 0
  for _, entry in ipairs(redis.call('XREVRANGE', KEYS[1], least, '-', 'COUNT', 100)) do
    if entry[1] ~= least then gone = gone + redis.call('XDEL', KEYS[1], entry[1]) end
  end
until gone == 0`;

/** XADD … MINID. ARGV: the least ID that stays, then the entry's ID, fields and values. */
export const addAndTrimBelow = `redis.call('XADD', KEYS[1], unpack(ARGV, 2))
${trimBelow}`;

/** MSETEX. ARGV: the values, then PXAT and ms, or KEEPTTL, or nothing. */
export const setAll = `local option, number = ARGV[#KEYS + 1], ARGV[#KEYS + 2]
for i, key in ipairs(KEYS) do
  if option == 'KEEPTTL' then redis.call('SET', key, ARGV[i], 'KEEPTTL')
  else redis.call('SET', key, ARGV[i]) end
  if option == 'PXAT' then redis.call('PEXPIREAT', key, number) end
end`;

/**
 * SET … KEEPTTL, which came with 6.0. The expiry as it was comes from PTTL and the time of the same millisecond, where
 * a script may ask for the time and then write (redis: scripting.c luaRedisReplicateCommandsCommand, from 3.2 on);
 * before that it may be off by the time that the script takes.
 */
const keep = `local timed = redis.replicate_commands and redis.replicate_commands()
local function ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function keep(key, value)
  local now, ttl
  repeat
    now = timed and ms()
    ttl = redis.call('PTTL', key)
  until not timed or ms() == now
  redis.call('SET', key, value)
  if ttl >= 0 and timed then redis.call('PEXPIREAT', key, string.format('%.0f', now + ttl))
  elseif ttl >= 0 then redis.call('PEXPIRE', key, ttl) end
end`;

/** RESTORE … REPLACE, which came with 3.0. ARGV: the payload. */
export const restoreReplacing = `redis.call('DEL', KEYS[1])
return redis.call('RESTORE', KEYS[1], 0, ARGV[1])`;

/** SET … KEEPTTL. ARGV: the value. */
export const setKeeping = `${keep}
keep(KEYS[1], ARGV[1])`;

/** MSETEX … KEEPTTL. ARGV: the values. */
export const setAllKeeping = `${keep}
for i, key in ipairs(KEYS) do keep(key, ARGV[i]) end`;

/** HSETEX, by 1000 fields at once. ARGV: PXAT and ms, or KEEPTTL and nothing, then fields and values. */
export const setFields = `local fields, before = {}, {}
for i = 3, #ARGV, 2 do fields[#fields + 1] = ARGV[i] end
for i = 1, ARGV[1] == 'KEEPTTL' and #fields or 0, 1000 do
  local last = math.min(i + 999, #fields)
  local found = redis.call('HPEXPIRETIME', KEYS[1], 'FIELDS', last - i + 1, unpack(fields, i, last))
  for _, at in ipairs(found) do before[#before + 1] = at end
end
for i = 3, #ARGV, 2000 do redis.call('HSET', KEYS[1], unpack(ARGV, i, math.min(i + 1999, #ARGV))) end
for i, field in ipairs(fields) do
  local kept = before[i] and before[i] > 0 and string.format('%.0f', before[i])
  local at = ARGV[1] == 'PXAT' and ARGV[2] or kept
  if at then redis.call('HPEXPIREAT', KEYS[1], at, 'FIELDS', 1, field) end
end`;
