import type { DatabaseMap, PublishPolicy } from "../spec/shard-sync-spec.ts";

export type PreludeOptions = {
  readonly databases: DatabaseMap;
  readonly publish: PublishPolicy;
  /** The set of doubtful keys on the destination, and its database. */
  readonly doubtfulKey: string;
  readonly checkpointDb: number;
  /** The distance of this shard's held-back expiries, ms. */
  readonly distance: number;
};

/**
 * Lua that stands in front of a script of the source, on the script's first line so that line numbers stay. It puts
 * itself between the script and redis.call, because a script that runs again on the destination would
 * - flush the data of all shards with FLUSHALL, FLUSHDB or SWAPDB: these do nothing;
 * - write to the source's database numbers: SELECT and MOVE go to the destination's;
 * - count EXPIRE and the like from now on and not from when the source ran it: they become absolute, and are held back
 *   while the stream is behind (held-back-expiries.ts); TTL says what the source said;
 * - see sets and hashes in the destination's order: an old master sorts what such commands answer;
 * - draw other numbers: an old master seeds math.random anew for each script;
 * - write where an old master refuses to: after a command whose answer is chance;
 * - find a table where an old master raises a text: an error of redis.call that the script catches;
 * - ask for the keys of all shards with KEYS and the like: with siblings nothing is written from there on;
 * - remove, rename or let expire a key of another shard that it makes up: keys that it does not declare are left.
 *
 * Whatever may have come out otherwise than on the source is noted among the doubtful keys, in the transaction of the
 * script, and copied from the shard: what the script writes and declares once it has read something unsure (a key that is
 * not there, and may have expired early; how long a key lives; which keys there are; with siblings, a key that it does not
 * declare, since it may be another shard's); with siblings each key that it writes and does not declare. A key that it
 * has written on the shard alone is not known here. So a script that has read something unsure, and cannot be seen to
 * write what it declares alone (declared-writes.ts), is noted as well, to be told.
 *
 * Behind its own arguments the script is given one more, which is taken off: when the source ran it and what time it is,
 * the time before which an expiry is held back (0 for none), 1 where others have keys on the destination, 1 where it is
 * known to write what it declares alone, 1 where what it declares may be other than on the shard, the database of the
 * source and of the destination, its SHA1.
 *
 * redis: 2.8 to 6.0 scripting.c luaRedisGenericCommand, luaSortArray, evalGenericCommand; server.c (the flags R, S)
 */
export function scriptPrelude(options: PreludeOptions): string {
  const { databases } = options;
  const dbs =
    databases.kind === "all"
      ? "nil"
      : `{${databases.pairs.map(({ source, destination }) => `[${source}]=${destination}`).join(",")}}`;
  const values: Readonly<Record<string, string>> = {
    DBS: dbs,
    PUBLISH: String(options.publish === "forward"),
    SETDB: String(options.checkpointDb),
    // Task and shard ids are of letters, digits and -_. alone.
    SET: `'${options.doubtfulKey}'`,
    DISTANCE: String(options.distance),
  };
  return `${LUA.replace(/\$([A-Z]+)/g, (_, name: string) => values[name] ?? "")} `;
}

const LUA = `
local redis,_G,loadstring,load,getfenv=(function(real)
  local at,now,safe,siblings,declares,other,sdb,tdb,sha=string.match(table.remove(ARGV),'^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$')
  at,now,safe,sdb,tdb=tonumber(at),tonumber(now),tonumber(safe),tonumber(sdb),tonumber(tdb)
  siblings,declares=siblings=='1',declares=='1'
  local dbs,publish,set,setdb,distance=$DBS,$PUBLISH,$SET,$SETDB,$DISTANCE
  local upper,find,format=string.upper,string.find,string.format
  math.randomseed(0)
  local WRITES=' SET SETNX SETEX PSETEX APPEND DEL UNLINK SETBIT BITFIELD SETRANGE INCR DECR INCRBY DECRBY INCRBYFLOAT
    GETSET MSET MSETNX RPUSH LPUSH RPUSHX LPUSHX LINSERT RPOP LPOP LSET LTRIM LREM RPOPLPUSH SADD SREM SMOVE SPOP
    SINTERSTORE SUNIONSTORE SDIFFSTORE ZADD ZINCRBY ZREM ZREMRANGEBYSCORE ZREMRANGEBYRANK ZREMRANGEBYLEX ZUNIONSTORE
    ZINTERSTORE ZPOPMIN ZPOPMAX HSET HSETNX HMSET HINCRBY HINCRBYFLOAT HDEL MOVE RENAME RENAMENX EXPIRE EXPIREAT PEXPIRE
    PEXPIREAT SORT PERSIST RESTORE BITOP GEOADD GEORADIUS GEORADIUSBYMEMBER PFADD PFMERGE XADD XDEL XTRIM XACK XCLAIM
    XGROUP XSETID '
  local RANDOM=' SPOP SRANDMEMBER RANDOMKEY SCAN SSCAN HSCAN ZSCAN TIME LASTSAVE PUBSUB '
  local WHOLE=' KEYS SCAN RANDOMKEY DBSIZE '
  local KEYLESS=' PING ECHO TIME PUBLISH SELECT LASTSAVE PUBSUB INFO CONFIG COMMAND SCRIPT CLIENT SLOWLOG XREADGROUP XREAD
    KEYS SCAN RANDOMKEY DBSIZE '
  local EACH=' DEL UNLINK EXISTS TOUCH MGET SINTER SUNION SDIFF SINTERSTORE SUNIONSTORE SDIFFSTORE PFMERGE PFCOUNT '
  local PAIR=' RENAME RENAMENX RPOPLPUSH SMOVE '
  local REMOVES=' DEL UNLINK RENAME RENAMENX MOVE EXPIRE EXPIREAT PEXPIRE PEXPIREAT PERSIST '
  local OKS=' SET SETEX PSETEX MSET HMSET LSET LTRIM RENAME RESTORE PFMERGE '
  local OWN=' NOPERM OOM MISCONF READONLY NOREPLICAS BUSY LOADING MASTERDOWN '
  local POPS=' LPOP RPOP SPOP RPOPLPUSH GETSET '
  local function is(list,n) return find(list,' '..n..' ',1,true)~=nil end
  local home,declared,said,seen,written=sdb,{},{},{},{}
  for _,key in ipairs(KEYS) do declared[key]=true end
  local unsure,dry,random,told=false,false,false,false
  local function say(member)
    if said[member] then return end
    said[member]=true
    if tdb~=setdb then real.call('SELECT',setdb) end
    real.call('SADD',set,member)
    if tdb~=setdb then real.call('SELECT',tdb) end
  end
  local function mine(key) return declared[key] and sdb==home end
  local function tell()
    if not told then told=true say('script '..home..':undeclared '..sha) end
  end
  local function report(key)
    say('merge '..sdb..':'..key)
    if unsure and not mine(key) then tell() end
  end
  local function doubt()
    if unsure or random then return end
    unsure=true
    for key in pairs(declared) do say('merge '..home..':'..key) end
    for member in pairs(written) do say(member) end
    if not declares then tell() end
  end
  local function touch(key)
    local id=sdb..':'..key
    if seen[id] or unsure or random then return end
    seen[id]=true
    if (siblings and not mine(key)) or real.call('PTTL',key)==-2 then doubt() end
  end
  if other=='1' then doubt() end
  local function keysof(n,a)
    local found={}
    local function add(first,last,step)
      for i=first,last,step do if a[i]~=nil then found[#found+1]=tostring(a[i]) end end
    end
    if is(KEYLESS,n) then return found end
    if is(EACH,n) then add(2,#a,1)
    elseif is(PAIR,n) then add(2,3,1)
    elseif n=='MSET' or n=='MSETNX' then add(2,#a,2)
    elseif n=='BITOP' then add(3,#a,1)
    elseif n=='XGROUP' then add(3,3,1)
    elseif n=='ZUNIONSTORE' or n=='ZINTERSTORE' then add(2,2,1) add(4,3+(tonumber(a[3]) or 0),1)
    else
      add(2,2,1)
      if n=='SORT' or find(n,'^GEORADIUS') then
        for i=3,#a-1 do if find(upper(tostring(a[i])),'^STORE') then add(i+1,i+1,1) end end
      end
    end
    return found
  end
  local function failed(r) return r==false or (type(r)=='table' and r.err~=nil) end
  local function int(v)
    if type(v)=='number' then v=format('%.17g',v) end
    if v=='0' or (type(v)=='string' and find(v,'^%-?[1-9]%d*$')) then
      v=tonumber(v)
      if math.abs(v)<2^50 then return v end
    end
  end
  local function notours(list)
    local kept={}
    for _,key in ipairs(list) do if string.sub(key,1,10)~='tributary:' then kept[#kept+1]=key end end
    return kept
  end
  local function over(raises)
    local function call(...)
      local r=real.pcall(...)
      if type(r)~='table' or r.err==nil then return r end
      local kind=string.match(r.err,'^%u+')
      if is(OWN,kind or '') or find(r.err,'nknown.*ommand') or find(r.err,'user executing the script') then doubt() end
      if raises then error(r.err,0) end
      return r
    end
    local function refuse(text)
      if raises then error(text,0) end
      return {err=text}
    end
    local function expireat(key,t)
      if t<safe and t>at then t=t+distance end
      return call('PEXPIREAT',key,format('%.0f',t))
    end
    local function put(a,ms)
      local r=call(unpack(a))
      if failed(r) then return r end
      local e=expireat(a[2],at+ms)
      if failed(e) then return e end
      return r
    end
    local function left(n,keys)
      local key=keys[1]
      if n=='DEL' or n=='UNLINK' then
        local own,count={n},0
        for _,one in ipairs(keys) do
          if mine(one) then own[#own+1]=one else count=count+real.call('EXISTS',one) end
        end
        if #own==1 then return count end
        local r=call(unpack(own))
        if failed(r) then return r end
        return count+r
      end
      if n=='PERSIST' then return real.call('PTTL',key)>=0 and 1 or 0 end
      return real.call('EXISTS',key)
    end
    return function(...)
      local a={...}
      local n=type(a[1])=='string' and upper(a[1]) or ''
      if n=='FLUSHALL' or n=='FLUSHDB' or n=='SWAPDB' then return {ok='OK'} end
      local write=is(WRITES,n)
      if write and random then
        return refuse('Write commands not allowed after non deterministic commands')
      end
      if n=='PUBLISH' and not publish then return 0 end
      if n=='SELECT' then
        local from=tonumber(a[2])
        local to=from
        if dbs then
          to=dbs[from]
          if not to then doubt() error('database '..tostring(a[2])..' is not synchronized') end
        end
        local r=call('SELECT',to or a[2])
        if not failed(r) then sdb,tdb=from,to end
        return r
      end
      local keys=keysof(n,a)
      for _,key in ipairs(keys) do touch(key) end
      if is(WHOLE,n) and not random then
        if not declares then say('script '..home..':keyspace '..sha) end
        told,dry=true,siblings
        doubt()
      end
      if n=='SPOP' or n=='RESTORE' then doubt() end
      if is(RANDOM,n) then random=true end
      if write then
        local foreign=false
        for _,key in ipairs(keys) do
          if not mine(key) then foreign=true end
          if unsure then report(key)
          else written['merge '..sdb..':'..key]=true end
        end
        if dry then
          if is(OKS,n) then return {ok='OK'} end
          if is(POPS,n) then return false end
          return #keys
        end
        if siblings and foreign and not random then
          for _,key in ipairs(keys) do report(key) end
          if is(REMOVES,n) then
            local r=left(n,keys)
            if n=='DEL' or n=='UNLINK' or find(n,'^P?EXPIRE') or n=='PERSIST' then return r end
            local free=n=='RENAME' or (keys[2] and real.call('EXISTS',keys[2])==0) or n=='MOVE'
            if r==1 and free then return n=='RENAME' and {ok='OK'} or 1 end
          end
        end
      end
      if n=='MOVE' then
        if unsure and int(a[3]) then say('merge '..a[3]..':'..tostring(a[2])) end
        if dbs then
          local to=dbs[tonumber(a[3])]
          if to then return call('MOVE',a[2],to) end
          return call('DEL',a[2])
        end
      end
      if n=='TTL' or n=='PTTL' then
        local r=call(...)
        if type(r)~='number' or r<0 then return r end
        doubt()
        r=real.call('PTTL',a[2])
        if r>2^51 then r=r-distance end
        r=math.max(0,r+now-at)
        if n=='TTL' then r=math.floor((r+500)/1000) end
        return r
      end
      local v=int(a[3])
      if v and #a==3 then
        if n=='EXPIRE' then return expireat(a[2],at+v*1000) end
        if n=='PEXPIRE' then return expireat(a[2],at+v) end
        if n=='EXPIREAT' and v*1000<safe then return expireat(a[2],v*1000) end
        if n=='PEXPIREAT' and v<safe then return expireat(a[2],v) end
      end
      if v and v>0 and #a==4 then
        if n=='SETEX' then return put({'SET',a[2],a[4]},v*1000) end
        if n=='PSETEX' then return put({'SET',a[2],a[4]},v) end
      end
      if n=='SET' then
        local i,where,ms,other=4,nil,nil,false
        while i<=#a do
          local o=upper(tostring(a[i]))
          if o=='EX' or o=='PX' then
            v=int(a[i+1])
            if where or not v or v<=0 then other=true break end
            where,ms,i=i,o=='EX' and v*1000 or v,i+1
          elseif o~='NX' and o~='XX' then other=true end
          i=i+1
        end
        if where and not other then
          table.remove(a,where)
          table.remove(a,where)
          return put(a,ms)
        end
      end
      local r=call(...)
      if type(r)~='table' or r.err~=nil then return r end
      if tdb==setdb and n=='KEYS' then r=notours(r) end
      if tdb==setdb and n=='SCAN' then r[2]=notours(r[2]) end
      if is(' SMEMBERS SINTER SUNION SDIFF HKEYS HVALS KEYS ',n) then table.sort(r) end
      return r
    end
  end
  local hidden={setresp=1,acl_check_cmd=1,REDIS_VERSION=1,REDIS_VERSION_NUM=1}
  local r=setmetatable({
    call=over(true),
    pcall=over(false),
    replicate_commands=function() return false end,
    set_repl=function() error('You can set the replication behavior only after turning on single commands replication') end
  },{__index=function(_,name) if not hidden[name] then return real[name] end end})
  local all,env=_G,{}
  for name,value in pairs(all) do env[name]=value end
  env.server=nil
  local chunk=rawget(all,'loadstring') or rawget(all,'load')
  local function loads(text,name)
    if type(text)=='function' then
      local parts={}
      repeat
        local part=text()
        parts[#parts+1]=part
      until part==nil or part==''
      text=table.concat(parts)
    end
    if string.sub(tostring(text),1,1)=='\\27' then return nil,'a precompiled chunk' end
    local f,e=chunk('local redis,_G,loadstring,load,getfenv=... return function(...) '..text..'\\nend',name or text)
    if not f then return nil,e end
    return f(r,env,loads,loads,env.getfenv)
  end
  env.redis,env._G,env.loadstring,env.load,env.getfenv=r,env,loads,loads,function() return env end
  env.KEYS,env.ARGV=KEYS,ARGV
  setmetatable(env,{__index=function(_,name) return all[name] end,__newindex=function(_,name) error('Script attempted to create global variable '..tostring(name),2) end})
  return r,env,loads,loads,env.getfenv
end)(redis)`
  .trim()
  .replace(/\n\s*/g, " ");
