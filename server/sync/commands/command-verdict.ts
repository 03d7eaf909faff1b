/**
 * What is to be done with a command of the stream:
 * - forward: its bytes go to the destination as they are;
 * - replace: `replacement` goes there in its stead;
 * - control: it changed the filter's state (SELECT, MULTI, EXEC) or says nothing to a destination (PING);
 * - getack: the master wants an acknowledgement now;
 * - heartbeat: our own key; `heartbeatAt` is its time, or -1;
 * - skip: not applied, `reasonCode` and `reason` say why.
 */
export type Verdict = "forward" | "replace" | "control" | "getack" | "heartbeat" | "skip";

/** A key, by its database on the source. */
export type SourceKey = { readonly db: number; readonly key: Buffer };
