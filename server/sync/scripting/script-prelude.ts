import type { DatabaseMap, PublishPolicy } from "../shard-sync-spec.ts";

/**
 * Lua that stands in front of a script of the source, on the script's first line so that line numbers stay. It puts
 * itself between the script and redis.call, because a script that runs again on the destination would
 * - flush the data of all shards with FLUSHALL, FLUSHDB or SWAPDB: these do nothing;
 * - write to the source's database numbers: SELECT and MOVE go to the destination's;
 * - count EXPIRE and the like from now on and not from when the source ran it: they become absolute;
 * - see sets and hashes in the destination's order: an old master sorts what such commands answer.
 * The time at which the source ran the script, ms since the epoch, is the last of ARGV and is taken off.
 *
 * redis: 6.0 scripting.c luaRedisGenericCommand, luaSortArray (server.c: the commands flagged "to-sort")
 */
export function scriptPrelude(databases: DatabaseMap, publish: PublishPolicy): string {
  const dbs =
    databases.kind === "all"
      ? "nil"
      : `{${databases.pairs.map(({ source, destination }) => `[${source}]=${destination}`).join(",")}}`;
  return `${LUA.replace("$DBS", dbs).replace("$PUBLISH", String(publish === "forward"))} `;
}

const LUA = `
local redis=(function(real)
  local at=tonumber(table.remove(ARGV))
  local dbs=$DBS
  local publish=$PUBLISH
  local sorted={SMEMBERS=1,SINTER=1,SUNION=1,SDIFF=1,HKEYS=1,HVALS=1,KEYS=1}
  local function failed(r) return r==false or (type(r)=='table' and r.err~=nil) end
  local function over(call)
    local function expire(key,ms) return call('PEXPIREAT',key,string.format('%.0f',at+ms)) end
    local function set(a,ms)
      local r=call(unpack(a))
      if failed(r) then return r end
      local e=expire(a[2],ms)
      if failed(e) then return e end
      return r
    end
    return function(...)
      local a={...}
      local n=type(a[1])=='string' and string.upper(a[1]) or ''
      if n=='FLUSHALL' or n=='FLUSHDB' or n=='SWAPDB' then return {ok='OK'} end
      if n=='PUBLISH' and not publish then return 0 end
      if dbs and n=='SELECT' then
        local to=dbs[tonumber(a[2])]
        if not to then error('database '..tostring(a[2])..' is not synchronised') end
        return call('SELECT',to)
      end
      if dbs and n=='MOVE' then
        local to=dbs[tonumber(a[3])]
        if to then return call('MOVE',a[2],to) end
        return call('DEL',a[2])
      end
      local ms=tonumber(a[3])
      if ms and #a==3 and n=='EXPIRE' then return expire(a[2],ms*1000) end
      if ms and #a==3 and n=='PEXPIRE' then return expire(a[2],ms) end
      if ms and #a==4 and n=='SETEX' then return set({'SET',a[2],a[4]},ms*1000) end
      if ms and #a==4 and n=='PSETEX' then return set({'SET',a[2],a[4]},ms) end
      if n=='SET' then
        for i=4,#a-1 do
          local o=string.upper(tostring(a[i]))
          ms=tonumber(a[i+1])
          if ms and (o=='EX' or o=='PX') then
            table.remove(a,i)
            table.remove(a,i)
            return set(a,o=='EX' and ms*1000 or ms)
          end
        end
      end
      local r=call(...)
      if sorted[n] and type(r)=='table' and r.err==nil then table.sort(r) end
      return r
    end
  end
  return setmetatable({call=over(real.call),pcall=over(real.pcall)},{__index=real})
end)(redis)`
  .trim()
  .replace(/\n\s*/g, " ");
