/** docs/compatibility.md, from what the pairs of servers have shown. No dependencies. */

/** The letter of each note in the table, and what it means. */
const notes = {
  fields: [
    "T",
    "**Expiries of hash fields.** The destination has none. Hashes are copied with all their fields; each key that " +
      "loses an expiry is in the log with `FIELD_TTL_LOST`, from the initial sync as `RDB key`, from the stream as " +
      "`HPEXPIREAT` or `HSETEX`. While the task runs, a field that expires on its shard is removed from the destination " +
      "as well, since the shard says so by HDEL. After the cutover such fields stay.",
  ],
  streams: [
    "S",
    "**Newer streams.** The destination cannot load them as they are, so they are written entry by entry, with " +
      "groups, consumers and pending entries. When a consumer was last seen and active cannot be written, nor a " +
      "pending entry whose entry has been deleted: such keys are in the log with `NOT_EXPRESSIBLE`. Before Redis 7.0 " +
      "there are no counters (entries added, greatest deleted ID, entries read by a group) either, which is not logged.",
  ],
  functions: [
    "F",
    "**Functions, and messages to sharded channels.** They came with Redis 7.0: each FUNCTION and each SPUBLISH of the " +
      "source is in the log with `UNKNOWN_COMMAND`. What functions write is copied.",
  ],
  vectors: [
    "V",
    "**Vector sets.** They came with Redis 8.0. Keys of the initial sync are in the log with `MODULE_VALUE`, the " +
      "commands VADD, VREM and VSETATTR with `UNKNOWN_COMMAND`.",
  ],
};

const OLDER = "## Older servers";
const NEWER = "## What the letters mean";

/** The table of all pairs, a dash where one is not among them. */
function tableOf(pairs) {
  const titles = [...new Set(pairs.map(({ source }) => source))].sort();
  const cell = (source, destination) => {
    const pair = pairs.find((one) => one.source === source && one.destination === destination);
    if (pair === undefined) return "–";
    const letters = Object.entries(notes).filter(([name]) => pair.notes.includes(name));
    return letters.length === 0 ? "all" : letters.map(([, [letter]]) => letter).join(" ");
  };
  const row = (cells) => `| ${cells.join(" | ")} |`;
  return `${row(["from \\ to", ...titles])}
${row(["---", ...titles.map(() => "---")])}
${titles.map((source) => row([`**${source}**`, ...titles.map((destination) => cell(source, destination))])).join("\n")}`;
}

/** The section of the servers that somebody has put into TRIBUTARY_SERVERS. @returns the document with it. */
export function withOlderServers(document, pairs) {
  const section = `${OLDER}

Written by \`npm run test:matrix -- --given\`, which does the same with servers that Debian does not have, here built from
Redis's sources. **–**: not tried; before Redis 6.0 only what is not newer than the destination is, and the checks of a task
warn of any other. A destination before 3.2 restores expiries to about a millisecond.

${tableOf(pairs)}

`;
  const start = document.indexOf(OLDER);
  const end = document.indexOf(NEWER);
  return document.slice(0, start < 0 ? end : start) + section + document.slice(end);
}

/**
 * @param pairs of a source and a destination, with the names of their notes.
 * @param before the document as it was, whose section of older servers stays.
 */
export function compatibilityText(pairs, before) {
  const used = Object.entries(notes).filter(([name]) => pairs.some((pair) => pair.notes.includes(name)));
  const older = before.includes(OLDER) ? before.slice(before.indexOf(OLDER), before.indexOf(NEWER)) : "";
  return `# Which server can be copied to which

Written by \`npm run test:matrix\`, which copies from each of these servers to each of them: first a server that
holds every type of value in every encoding that it has (large values, all kinds of expiry, streams with groups,
consumers and pending entries among them), then a stream of every command that it may hand on to a replica: the
server's own list is asked for them. At the end the destination must hold the same, key by key, and the log exactly
what the table says.

Rows are sources, columns destinations. **all**: everything arrives, but for one thing between any two servers. A stream
of more than 1 MiB in the RDB goes in pieces, which cannot say when a consumer was last seen and active, nor bring back a
pending entry whose entry has been deleted: such keys are in the log with \`NOT_EXPRESSIBLE\`.

${tableOf(pairs)}

${older}${NEWER}

${used.map(([, [letter, text]]) => `- **${letter}** ${text}`).join("\n")}

## A source that is newer than its destination

Nothing has to be set. A value in an encoding that the destination knows goes as it is; any other is decoded and
written as commands. In the stream, commands that the destination does not have become older ones:

- before Redis 6.2: COPY, LMOVE, LPOP and RPOP with a count, ZRANGESTORE, ZDIFFSTORE, GEOSEARCHSTORE (by radius), ZADD
  with GT or LT, GEOADD with NX, XX or CH, SET with PXAT or EXAT, XADD with NOMKSTREAM or MINID, XTRIM with MINID,
  XGROUP CREATECONSUMER; where it takes several commands, one script runs them;
- before Redis 4.0: HSET with several fields, UNLINK;
- before Redis 6.2 SET, and before 5.0 RESTORE, knows no point in time: PEXPIREAT follows it, in its transaction. A shard
  before Redis 7.0 sends times from now on, which count from when it ran the command: such an expiry may be off by the
  time for which the command was on its way;
- before Redis 7.0: the counters in XGROUP and XSETID are left out;
- without expiries of hash fields: HSETEX becomes HSET, HGETDEL becomes HDEL;
- without MSETEX (before Redis 8.4 and Valkey 9.1), a script of SET; without DELIFEQ (Redis, and before Valkey 9.0), DEL;
- before Redis 8.2, and in Valkey: XADD and XTRIM with DELREF or ACKED; the stream is copied from the shard. IDMP of XADD
  (Redis 8.6) is left out: what a producer sends again after the cutover is not recognized;
- RESTORE and FUNCTION RESTORE: the version in the payload becomes one that the destination takes. A value in an
  encoding that it does not know is read from the source and decoded.

Anything else that the destination does not know is in the log as rejected, with \`UNKNOWN_COMMAND\`.
`;
}
