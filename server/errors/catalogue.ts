/**
 * The closed set of error codes. `message` says what and where, `cause` when it is seen, `remedy` what to do,
 * `retried` whether Tributary tries again by itself. The pages show message and remedy; docs/errors.md is
 * written from this file.
 */
export type CatalogueEntry = {
  readonly message: string;
  readonly cause: string;
  readonly remedy: string;
  readonly retried: boolean;
};

export const catalogue = {
  // ── addresses and connections (either side; {role} is "shard alpha-1" or "the destination") ──
  ADDRESS_INVALID: {
    message: "{input} is not a Redis address: {detail}.",
    cause: "An address could not be read.",
    remedy: "Write host:port, redis://user:password@host:port/db, or rediss:// for TLS.",
    retried: false,
  },
  CONNECT_REFUSED: {
    message: "{role} at {address} refused the connection.",
    cause: "Nothing listens on that port, or a firewall rejects it.",
    remedy: "Check that Redis runs there and that its bind setting and the firewall let this host in.",
    retried: true,
  },
  CONNECT_TIMEOUT: {
    message: "{role} at {address} did not answer within {seconds} s.",
    cause: "The host is down, unreachable, or drops packets; or the server is blocked by a long command.",
    remedy: "Check the address, the route and the firewall from this host.",
    retried: true,
  },
  CONNECT_FAILED: {
    message: "Cannot connect to {role} at {address}: {detail}.",
    cause: "The name does not resolve, the network is unreachable, or the connection broke.",
    remedy: "Check the host name and the network from this host.",
    retried: true,
  },
  TLS_FAILED: {
    message: "TLS with {role} at {address} failed: {detail}.",
    cause: "The server does not speak TLS on that port, or its certificate is not trusted.",
    remedy:
      "Use redis:// for a port without TLS; for a private authority set NODE_EXTRA_CA_CERTS to its certificate.",
    retried: true,
  },
  AUTH_REQUIRED: {
    message: "{role} at {address} requires a password.",
    cause: "requirepass or an ACL is set, but no password was given.",
    remedy: "Give the password, and the user name if the server uses ACL users.",
    retried: false,
  },
  AUTH_FAILED: {
    message: "{role} at {address} refused the user name or password.",
    cause:
      "WRONGPASS, 'invalid password', or any other refusal of AUTH. The server's own text is not shown, since it may repeat the password.",
    remedy:
      "Check the user name and the password. If the server's password has changed, pause the task, give it the new one under Settings, Edit connections, and resume it.",
    retried: false,
  },
  NOT_REDIS: {
    message: "{role} at {address} does not speak Redis: {detail}.",
    cause: "Another service listens there.",
    remedy: "Check the port.",
    retried: false,
  },
  ANSWER_REFUSED: {
    message: "{role} at {address} sent an invalid reply: {detail}.",
    cause:
      "The server is broken or hostile, a proxy mixes up replies, or a reply is larger than Tributary accepts into memory.",
    remedy:
      "Tributary has closed the connection and retries later. If this continues, report the server's version and this message.",
    retried: true,
  },
  IS_NUTCRACKER: {
    message: "{role} at {address} is a Twemproxy (nutcracker), not a Redis-Server.",
    cause:
      "This is the proxy's listen address. Tributary cannot replicate from a proxy; it needs the addresses of the servers behind it.",
    remedy: "Give the addresses in the pool's servers list, or paste nutcracker.yml.",
    retried: false,
  },
  IS_SENTINEL: {
    message: "{role} at {address} is a Sentinel, not a Redis-Server.",
    cause: "redis_mode is sentinel.",
    remedy: "Ask it for the master (SENTINEL GET-MASTER-ADDR-BY-NAME) and give that address.",
    retried: false,
  },
  SERVER_LOADING: {
    message: "{role} at {address} is loading its data.",
    cause: "The server was restarted and is reading its RDB or AOF.",
    remedy: "Nothing: Tributary waits until it is ready.",
    retried: true,
  },
  DATABASE_MISSING: {
    message: "{role} at {address} has no database {db}: it has {count}.",
    cause:
      "The number exceeds the server's databases setting, or the server is a cluster, which has only database 0.",
    remedy: "Choose a database below {count}, or raise databases in redis.conf.",
    retried: false,
  },
  DATABASE_MAPPED_TWICE: {
    message:
      "Databases {first} and {second} of the source would both be written to database {db} of the destination.",
    cause: "Two source databases are mapped to one: equal key names would overwrite each other.",
    remedy: "Give each source database a destination database of its own.",
    retried: false,
  },

  // ── source ──
  SOURCE_PSYNC_DENIED: {
    message: "{role} at {address} does not permit PSYNC: {detail}.",
    cause: "The ACL user lacks +psync +replconf, or the provider disabled or renamed the command.",
    remedy:
      "Grant the user +psync +replconf +ping +info +select +dbsize +multi +exec +dump +exists +pttl +pexpiretime +time +memory +scan, or use one that may replicate.",
    retried: false,
  },
  SOURCE_COMMAND_DENIED: {
    message: "{role} at {address} does not permit {command}: {detail}.",
    cause: "An ACL or a rename hides a command that is needed.",
    remedy: "Grant the user +{command}.",
    retried: false,
  },
  SOURCE_NOT_READY: {
    message: "{role} at {address} cannot serve a replica yet: {detail}.",
    cause: "-NOMASTERLINK, -MASTERDOWN, -BUSY or 'Can't SYNC while not connected with my master'.",
    remedy: "Nothing: Tributary tries again. When the address is a replica, bring its master link up.",
    retried: true,
  },
  SOURCE_NO_MASTER: {
    message: "No address of {role} is a master that can be read from: {detail}.",
    cause: "A failover is under way, or none of the shard's servers answers as a master.",
    remedy:
      "Nothing during a failover: Tributary asks again. Otherwise check which server is the master and that it can be reached.",
    retried: true,
  },
  SOURCE_SPLIT: {
    message: "{addresses} both say that they are the master of {role}.",
    cause: "Two of a shard's addresses are masters: a split brain, or servers of different shards.",
    remedy: "Give each shard the addresses of its own servers only, and make all but one of them replicas.",
    retried: true,
  },
  SENTINEL_UNREACHABLE: {
    message: "No Sentinel says where the master {master} of {role} is: {detail}.",
    cause: "None of the Sentinels answered.",
    remedy: "Check the addresses and the password of the Sentinels, and that they run.",
    retried: true,
  },
  SENTINEL_MASTER_UNKNOWN: {
    message: "The Sentinel at {address} knows no master called {master} for {role}.",
    cause: "SENTINEL GET-MASTER-ADDR-BY-NAME answered with nothing.",
    remedy: "Check the master's name: SENTINEL MASTERS lists those that a Sentinel watches.",
    retried: true,
  },
  SOURCE_BGSAVE_FAILED: {
    message: "{role} at {address} could not save its RDB: {detail}.",
    cause: "BGSAVE failed on the master: no disk space, no memory for fork, or no write permission.",
    remedy: "See the master's log; free disk space or set vm.overcommit_memory=1. Tributary tries again.",
    retried: true,
  },
  SOURCE_LINK_LOST: {
    message: "The replication link to {role} at {address} broke: {detail}.",
    cause:
      "The master closed the connection (client-output-buffer-limit, CLIENT KILL, restart) or the network did.",
    remedy: "Nothing: Tributary reconnects and continues at its checkpoint.",
    retried: true,
  },
  SOURCE_LINK_TIMEOUT: {
    message: "{role} at {address} has sent nothing for {seconds} s.",
    cause: "A half-open connection, or a master that hangs.",
    remedy: "Nothing: Tributary reconnects. Raise the timeout if repl-ping-replica-period is longer.",
    retried: true,
  },
  SOURCE_PROTOCOL: {
    message: "{role} at {address} sent something that the replication protocol does not allow: {detail}.",
    cause: "A broken peer, a proxy that changes the stream, or a Redis fork with its own extension.",
    remedy: "Tributary reconnects. If it stays, report the server's version and this message.",
    retried: true,
  },
  RDB_CORRUPT: {
    message: "The RDB of {role} is broken at byte {offset}: {detail}.",
    cause: "The transfer was changed on the way, or the server writes a form that is not known.",
    remedy:
      "Tributary requests a new one. If it stays, run redis-check-rdb on the master and report the version.",
    retried: true,
  },
  SHARD_DUPLICATE: {
    message: "{first} and {second} are the same server (run_id {runId}).",
    cause:
      "One Redis-Server is listed twice, perhaps under two addresses. Its writes would be applied twice.",
    remedy: "Remove one of them.",
    retried: false,
  },
  SHARD_SHRANK: {
    message: "{role} has lost {count} of {of} keys: removing them from the destination waits for a decision.",
    cause:
      "The shard was copied again and has far fewer keys than before. It restarted empty or from an old snapshot, or it was flushed.",
    remedy:
      "Find out whether the shard was meant to lose them. Follow the shard to remove them from the destination, or keep the copy to continue without removing any.",
    retried: true,
  },
  RECONCILE_BLOCKED: {
    message:
      "{role} is waiting before its stream: Tributary cannot tell yet which keys it no longer has ({detail}).",
    cause:
      "After a re-sync, Tributary first removes the keys that the shard has since deleted. For that, all shards of the task must answer, and the keys must have been recorded.",
    remedy:
      "Fix what it is waiting for; it then continues automatically. Or keep the keys that may be left over, and continue with them.",
    retried: true,
  },
  SHARD_MISSING: {
    message: "There is no shard to synchronize.",
    cause: "The list of shards is empty.",
    remedy: "Paste a nutcracker.yml or add at least one shard.",
    retried: false,
  },

  // ── destination ──
  DESTINATION_IS_SHARD: {
    message: "The destination at {address} is the same server as {role} (run_id {runId}).",
    cause: "The destination is one of the shards: it would feed itself without end.",
    remedy: "Give a destination that is not part of the source.",
    retried: false,
  },
  DESTINATION_READONLY: {
    message: "The destination at {address} is read-only: {detail}.",
    cause: "It is a replica, or a failover has turned it into one.",
    remedy: "Give the master's address. A running task waits and continues when it is writable again.",
    retried: true,
  },
  DESTINATION_FULL: {
    message: "The destination at {address} has no memory left: {detail}.",
    cause: "used_memory has reached maxmemory and nothing can be evicted (OOM command not allowed).",
    remedy: "Raise maxmemory on the destination. Tributary waits and continues where it stopped.",
    retried: true,
  },
  DESTINATION_DENIED: {
    message: "The destination at {address} does not permit {command}: {detail}.",
    cause:
      "The ACL user lacks a permission (NOPERM), or the command is renamed in the destination's redis.conf (unknown command).",
    remedy:
      "Grant the user ~* +@all, or at least +@write +@read +@connection +@transaction +@keyspace +@scripting +info. If the command was renamed, remove its rename-command line and restart the destination. Nothing is lost in the meantime.",
    retried: true,
  },
  DESTINATION_BUSY: {
    message: "The destination at {address} takes no commands now: {detail}.",
    cause:
      "A long script runs (BUSY), its disk cannot be written (MISCONF), or too few of its replicas are connected (NOREPLICAS).",
    remedy:
      "See what the answer says and the destination's log. Tributary waits and continues where it stopped.",
    retried: true,
  },
  DESTINATION_LIMIT: {
    message: "The destination at {address} takes no more than {limit} bytes in one transaction.",
    cause:
      "Its client-query-buffer-limit is low, and the shard has written a transaction, or a value that has to be copied again, which is larger.",
    remedy:
      "CONFIG SET client-query-buffer-limit 1gb on the destination. Tributary waits and continues where it stopped.",
    retried: true,
  },
  DESTINATION_LINK_LOST: {
    message: "The connection to the destination at {address} broke: {detail}.",
    cause: "The destination was restarted, a proxy dropped an idle connection, or the network failed.",
    remedy: "Nothing: Tributary reconnects, reads the checkpoint and continues there.",
    retried: true,
  },
  DESTINATION_SILENT: {
    message: "The destination at {address} has answered nothing for {seconds} s and takes no more bytes.",
    cause:
      "Its host or the network went away without closing the connection, or the server hangs or is stopped.",
    remedy:
      "Check the host, the network and the destination's SLOWLOG. Tributary reconnects, disconnects the old connection on the server, and continues at the checkpoint.",
    retried: true,
  },
  DESTINATION_MISSED: {
    message:
      "The destination at {address} refused {command} within a transaction that it applied otherwise: {detail}.",
    cause:
      "A permission was withdrawn between the commands of a transaction and its EXEC, or that for MULTI before them.",
    remedy:
      "Give the permission back. Tributary copies the shard again, since one of its commands is missing.",
    retried: true,
  },
  DESTINATION_DATA_LOST: {
    message: "The destination at {address} has lost the checkpoint of {role}.",
    cause: "The destination came back empty or was flushed.",
    remedy:
      "Find out why. Tributary copies the shard again from its start: by itself or, where the task is to stop instead, when you start it again.",
    retried: true,
  },
  DESTINATION_IS_ANOTHER: {
    message: "The server at {address} does not hold the checkpoints of task {task}.",
    cause:
      "A task that has begun was given the address of a server to which it has copied nothing. Its shards would be copied there anew, without the questions that a first start asks.",
    remedy:
      "Give an address of the same destination. To copy to another one, create a new task for it and delete this one.",
    retried: false,
  },
  DESTINATION_IS_NUTCRACKER: {
    message: "The destination at {address} is a Twemproxy (nutcracker), not a Redis-Server.",
    cause: "A proxy's listen address was given where the one Redis that is to hold all data is wanted.",
    remedy:
      "Give the address of that Redis-Server itself. Tributary does not write through nutcracker, which forwards neither transactions nor scripts over several keys.",
    retried: false,
  },
  DESTINATION_UNSUPPORTED: {
    message: "The destination at {address} cannot be used: {detail}.",
    cause: "It is a kind of server that this version cannot write to.",
    remedy: "Use a standalone Redis or Valkey of 2.8 or later.",
    retried: false,
  },
  DESTINATION_HOLDS_KEYS: {
    message: "The destination at {address} holds keys already, for example {sample}.",
    cause:
      "The task is to begin with an empty destination, and keys lie in its databases that no task of Tributary has brought.",
    remedy:
      "Empty those databases, or choose what becomes of these keys: overwrite those that a shard has too, or keep them as they are.",
    retried: false,
  },
  SHARD_READ_TWICE: {
    message:
      "{role} is copied into the same databases by another task that runs: {task}. Each INCR, APPEND or RPUSH of the shard would be applied twice.",
    cause: "Two tasks, of this Tributary or of another, read one shard and write to the same databases.",
    remedy: "Pause or delete the other task, or give this one other databases of the destination.",
    retried: false,
  },
  FENCED: {
    message: "Another engine has taken over {role}: this one writes no more.",
    cause: "Two engines were started for one task; the later one holds the epoch.",
    remedy: "Stop one of them. This one does not take the task back by itself.",
    retried: false,
  },

  // ── spool ──
  SPOOL_FULL: {
    message: "The spool of {role} has reached its quota of {quota} bytes.",
    cause: "The destination is slower than the source for long.",
    remedy: "Raise the spool quota or speed up the destination. The source is held back meanwhile.",
    retried: true,
  },
  SPOOL_FAILED: {
    message: "The spool in {directory} cannot be written: {detail}.",
    cause: "The disk is full, read-only or broken.",
    remedy: "Free space or give another data directory. Tributary tries again.",
    retried: true,
  },

  // ── nutcracker.yml ──
  NUTCRACKER_SYNTAX: {
    message: "nutcracker.yml, line {line}: {detail}.",
    cause: "The file is not YAML as Twemproxy reads it.",
    remedy: "Fix the line; nutcracker -t -c nutcracker.yml checks a file.",
    retried: false,
  },
  NUTCRACKER_NOT_REDIS: {
    message: "Pool {pool} is not a Redis pool (redis: true is missing).",
    cause: "It is a memcached pool.",
    remedy: "Choose a pool with redis: true.",
    retried: false,
  },
  NUTCRACKER_POOL_UNKNOWN: {
    message: "There is no pool {pool} in nutcracker.yml; it has {pools}.",
    cause: "The name is mistyped or the file is another one.",
    remedy: "Choose one of {pools}.",
    retried: false,
  },

  // ── task and engine ──
  TASK_UNKNOWN: {
    message: "There is no task {task}.",
    cause: "It was deleted, or the address is wrong.",
    remedy: "Go back to the task list.",
    retried: false,
  },
  SHARD_UNKNOWN: {
    message: "Task {task} has no shard {shard}.",
    cause: "The address is wrong.",
    remedy: "Go back to the task.",
    retried: false,
  },
  TASK_FINISHED: {
    message: "Task {task} is finished and cannot {action}.",
    cause: "After a cutover nothing may write to the destination again.",
    remedy: "Create a new task.",
    retried: false,
  },
  CUTOVER_UNDER_WAY: {
    message: "Task {task} cannot {action} now: its cutover is under way.",
    cause:
      "While the application is being switched nothing may write to the destination, and what the cutover goes by may not change.",
    remedy: "Go on with the cutover on its page, or go back there first.",
    retried: false,
  },
  CUTOVER_MOVED: {
    message: "The cutover of {task} is at another step by now: {step}.",
    cause: "Somebody else has gone on with it, or back, since the page showed it.",
    remedy: "Look at the page as it is now, then decide.",
    retried: false,
  },
  CUTOVER_NOT_READY: {
    message: "The cutover of {task} cannot go on: {detail}.",
    cause: "A gate of the step is shut, or the step does not permit what was asked for.",
    remedy: "{remedy}",
    retried: false,
  },
  TASK_NOT_READY: {
    message: "Task {task} cannot {action} while it is {status}.",
    cause: "The action does not fit the task's status.",
    remedy: "{remedy}",
    retried: false,
  },
  SHARD_NOT_READY: {
    message: "Shard {shard} of {task} cannot {action} now: {detail}.",
    cause: "What was asked for does not fit what the shard does at present; another may have asked first.",
    remedy: "See the shard's page for what it does now.",
    retried: false,
  },
  START_UNCONFIRMED: {
    message: "The destination at {address} {detail}: the start waits to be confirmed.",
    cause:
      "A task is about to write for the first time into databases that hold keys, or that another task writes to.",
    remedy:
      "Start it on its page, which says what will happen to these keys, and confirm. Or choose a database that is empty.",
    retried: false,
  },
  TASK_NAME_TAKEN: {
    message: "There is already a task named {name}.",
    cause: "Names are unique.",
    remedy: "Choose another name.",
    retried: false,
  },
  INPUT_INVALID: {
    message: "{field}: {detail}.",
    cause: "A value does not have the form that is wanted.",
    remedy: "Fix the value.",
    retried: false,
  },
  WORKER_DIED: {
    message: "The worker thread of {role} stopped: {detail}.",
    cause: "It ran out of memory or hit a bug.",
    remedy: "Nothing: it is started again and continues at the checkpoint. If it repeats, report the log.",
    retried: true,
  },
  TOO_MANY_REQUESTS: {
    message: "There are too many {what} at once.",
    cause: "Connection tests, open pages or live views come faster than any team needs them.",
    remedy: "Wait {seconds} s, then try again. Close pages and end programs that nobody needs.",
    retried: false,
  },
  WORKER_DIED_AGAIN: {
    message: "The worker thread of {role} stopped {count} times, one soon after the other: {detail}.",
    cause:
      "One of its servers sends what Tributary cannot bear, its data takes more memory than there is, or it hits a bug.",
    remedy:
      "See that its addresses are those of Redis-Servers, and report the log. The shard is not started again by itself, also after a restart: start the task when you want to try again.",
    retried: false,
  },
  ENGINE_DIED_AGAIN: {
    message: "Tributary ended several times soon after its start, the last time when it took up task {task}.",
    cause:
      "What the task's servers send takes more memory than there is, or hits a bug that ends the process.",
    remedy:
      "See that the task's addresses are those of Redis-Servers, and report the log. The task is not started again by itself: start it when you want to try again.",
    retried: false,
  },
  CHECK_DIED: {
    message: "The thread that ran the checks ended before it could report: {detail}.",
    cause: "A server that was asked sent what the checks could not bear, or they hit a bug.",
    remedy:
      "See that the addresses are those of Redis-Servers, and report the log. The task is not checked again by itself: start it when you want to try again.",
    retried: false,
  },
  HOST_NOT_ALLOWED: {
    message: "Requests for the host {host} are not accepted.",
    cause: "The page was opened under a name that Tributary does not know as its own (or by DNS rebinding).",
    remedy:
      "Open it under the address that Tributary printed, or list the name in TRIBUTARY_ALLOWED_HOSTS (separated by commas).",
    retried: false,
  },
  ORIGIN_NOT_ALLOWED: {
    message: "Requests from {origin} are not accepted.",
    cause: "A page of another site, or a proxy that changes the Host header, sent the request.",
    remedy: "Use Tributary's own page; a proxy in front of it must pass the Host header on.",
    retried: false,
  },
  CONTENT_TYPE_NOT_ALLOWED: {
    message: "A request of content type {type} is not accepted.",
    cause: "The API takes JSON only.",
    remedy: "Send it with content-type: application/json.",
    retried: false,
  },
  PORT_IN_USE: {
    message: "Port {port} on {host} is in use.",
    cause: "Another program, or another Tributary, listens there.",
    remedy: "Stop it, or choose another port with PORT.",
    retried: false,
  },
  PAGES_NOT_BUILT: {
    message: "The pages have not been built: {directory} is missing.",
    cause: "npm start was called without npm run build before it.",
    remedy: "Run npm run build once, then start again.",
    retried: false,
  },
  DATA_DIR_UNWRITABLE: {
    message: "The data directory {directory} cannot be written: {detail}.",
    cause: "It belongs to another user, is on a read-only file system, or the disk is full.",
    remedy: "Fix its permissions, or choose another with TRIBUTARY_DATA_DIR.",
    retried: false,
  },
  DATABASE_UNWRITABLE: {
    message: "Tributary's database in {directory} cannot be written: {detail}.",
    cause: "The disk is full, broken or read-only, or another program holds the file.",
    remedy:
      "Free space, fix the disk, or end what holds the file. Synchronization goes on; its history is kept in memory and written later.",
    retried: true,
  },
  DATABASE_DAMAGED: {
    message: "Tributary's database in {directory} is damaged: {detail}.",
    cause:
      "A disk that failed, a copy that was broken off, or another program has changed tributary.db or lock.db.",
    remedy:
      "Restore a backup of tributary.db. Without one, move tributary.db, tributary.db-wal and tributary.db-shm away and create the tasks again; their destinations keep their data. You may remove lock.db: it contains nothing.",
    retried: false,
  },
  DATA_DIR_LOCKED: {
    message: "Another Tributary (process {pid}) uses the data directory {directory}.",
    cause: "Two engines on one data directory would write twice.",
    remedy: "Stop the other one, or choose another directory with TRIBUTARY_DATA_DIR.",
    retried: false,
  },
  SECRET_WRONG: {
    message: "The stored passwords cannot be decrypted.",
    cause:
      "TRIBUTARY_SECRET, or the secret file in the data directory, is not the one they were encrypted with.",
    remedy: "Restore the former secret, or enter the passwords again.",
    retried: false,
  },
  VERIFY_RUNNING: {
    message: "A verification of {task} is under way.",
    cause: "Another one was asked for before the first had ended.",
    remedy: "Wait until it has ended, or cancel it.",
    retried: false,
  },
  REPAIR_RUNNING: {
    message: "A repair of {task} is under way.",
    cause: "Another one was asked for before the first had ended.",
    remedy: "Wait until it has ended, or cancel it.",
    retried: false,
  },
  REPAIR_REFUSED: {
    message: "{task} is not repaired: {detail}.",
    cause:
      "A repair copies keys in the order of their shards' streams; what was asked for does not permit that.",
    remedy: "Verify again, and repair while all shards of the task are synchronizing.",
    retried: false,
  },
  VERIFICATION_UNKNOWN: {
    message: "{task} has no verification {run}.",
    cause: "It is older than the runs that are kept, or the address is wrong.",
    remedy: "Choose one of the list.",
    retried: false,
  },
  FINDING_UNKNOWN: {
    message: "Verification {run} has no finding {number}.",
    cause: "Only so many findings are kept, those of older runs less long; or the address is wrong.",
    remedy: "Choose one of the list, or verify again.",
    retried: false,
  },
  SECRET_MISSING: {
    message:
      "The key file {file} is missing, and the database beside it holds passwords that only this key opens.",
    cause: "The data directory was copied or restored without secret.key, or the file was removed.",
    remedy:
      "Put secret.key back. If it is lost, its passwords are, too: start with another data directory (TRIBUTARY_DATA_DIR) and create the tasks again.",
    retried: false,
  },
  ROUTE_UNKNOWN: {
    message: "There is nothing at {path}.",
    cause: "The path or the method of a request to the API is not one of those that it has.",
    remedy: "See docs/security.md for its routes.",
    retried: false,
  },
  // ── people ──
  LOGIN_REQUIRED: {
    message: "Nobody is signed in.",
    cause: "The session has ended or was ended, the API token has expired or was revoked, or none was sent.",
    remedy: "Sign in again. A program sends its token as Authorization: Bearer.",
    retried: false,
  },
  LOGIN_FAILED: {
    message: "The e-mail address or the password is wrong.",
    cause: "Either of them; which one is not said. Or the person has not chosen a password yet.",
    remedy: "Try again. An administrator can make a link by which you choose a new password.",
    retried: false,
  },
  TOO_MANY_LOGINS: {
    message: "There were too many wrong passwords for this account or from this address.",
    cause: "10 for the account, or 30 from the address, within 15 minutes.",
    remedy: "Wait {minutes} min, then try again. Whoever is signed in stays so.",
    retried: false,
  },
  ROLE_TOO_LOW: {
    message: "This needs the role {needed}; you are {role}.",
    cause: "The role of the person or of the API token does not allow it.",
    remedy: "Ask an administrator to do it, or to change your role.",
    retried: false,
  },
  KEYS_HIDDEN: {
    message: "Names of keys are hidden from viewers, so they cannot be searched.",
    cause:
      "An administrator has chosen that viewers see no names of keys. A search by parts of a name would tell them.",
    remedy: "Ask an operator to search, or an administrator to show names of keys (Settings, Viewers).",
    retried: false,
  },
  SESSION_REQUIRED: {
    message: "This is for people alone: an API token may not do it.",
    cause: "A token could otherwise make others that outlive it.",
    remedy: "Sign in, and do it on the page.",
    retried: false,
  },
  AUTH_OFF: {
    message: "There are no people and no tokens while no login is asked for.",
    cause: "Tributary runs with TRIBUTARY_AUTH=off.",
    remedy: "Start it without TRIBUTARY_AUTH=off.",
    retried: false,
  },
  AUTH_OFF_NOT_LOOPBACK: {
    message: "TRIBUTARY_AUTH=off is for a loopback address only, and HOST is {host}.",
    cause: "Whoever reaches the port would control every task.",
    remedy: "Start it without TRIBUTARY_AUTH=off, or with HOST=127.0.0.1.",
    retried: false,
  },
  SETUP_DONE: {
    message: "There is an administrator already.",
    cause: "Somebody else was faster, or the page is an old one.",
    remedy: "Sign in. If that administrator is none of yours, see docs/security.md.",
    retried: false,
  },
  INVITATION_INVALID: {
    message: "This link is used, replaced or too old.",
    cause: "A link works once, within 72 hours, and until a newer one is made.",
    remedy: "Ask an administrator for a new one.",
    retried: false,
  },
  EMAIL_TAKEN: {
    message: "{email} is one of the people already.",
    cause: "An address belongs to one person.",
    remedy: "Change that person's role, or make a new link for them.",
    retried: false,
  },
  PERSON_UNKNOWN: {
    message: "There is no such person.",
    cause: "Somebody has removed them, or the address is wrong.",
    remedy: "Look at the list of people.",
    retried: false,
  },
  LAST_ADMIN: {
    message: "This is the last administrator who can sign in.",
    cause: "Without one, nobody could manage people any more.",
    remedy: "Make somebody else an administrator first.",
    retried: false,
  },
  TOKEN_UNKNOWN: {
    message: "There is no such API token.",
    cause: "It was revoked, its owner was removed, or it is somebody else's.",
    remedy: "Look at the list of tokens.",
    retried: false,
  },
  SHARE_LINK_UNKNOWN: {
    message: "There is no such share link.",
    cause: "It was revoked, or ended with its task or with whoever made it.",
    remedy: "Look at the list of the task's links.",
    retried: false,
  },
  SHARE_LINK_ENDED: {
    message: "This link leads nowhere.",
    cause: "It has expired, was revoked, or was not copied whole.",
    remedy: "Ask whoever sent it for a new one.",
    retried: false,
  },
  STATUS_PASSWORD_WRONG: {
    message: "That is not the password of the status page.",
    cause: "It was mistyped, or an administrator has chosen another one.",
    remedy: "Try again, or ask an administrator.",
    retried: false,
  },
  USAGE: {
    message: "{detail}.",
    cause: "The command line could not be understood.",
    remedy: "See --help.",
    retried: false,
  },
  INTERNAL: {
    message: "Something went wrong that has no name yet: {detail}.",
    cause: "A bug.",
    remedy: "Report it with the log.",
    retried: true,
  },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof catalogue;
