/** Of which kinds an answer may be, by its first byte (an error always may), and whether its length depends on data. */
export type AnswerShape = { readonly kinds: string; readonly large: boolean; readonly mayBeNull: boolean };

const any: AnswerShape = { kinds: "+:$*", large: false, mayBeNull: true };

const shapes = new Map<string, AnswerShape>();
const shape = (kinds: string, names: string, more: Partial<AnswerShape> = {}) => {
  for (const name of names.split(" ")) shapes.set(name, { kinds, large: false, mayBeNull: false, ...more });
};
shape("+", "PING MULTI DISCARD SELECT AUTH WATCH UNWATCH SETEX");
shape(":", "EXISTS HSET HSETNX HDEL HINCRBY DEL UNLINK SCARD DBSIZE PTTL PEXPIRETIME GETBIT");
shape("$", "INFO");
shape("$", "GET HGET", { large: true, mayBeNull: true });
shape("*", "TIME");
shape("*", "SCAN HGETALL HMGET SMEMBERS SRANDMEMBER", { large: true });
shape("*", "EXEC", { large: true, mayBeNull: true });
shape("*$", "SENTINEL", { mayBeNull: true });
shape("+:$*", "CLIENT EVAL EVALSHA DUMP", { large: true, mayBeNull: true });

/** Answers whose length does not depend on data, INFO's among them, are no longer than this, bytes. */
export const SMALL_ANSWER_BYTES = 1024 * 1024;

/**
 * What a server may answer to a command that Tributary sends beside the streams; any kind where the table says nothing.
 * @param name in upper case.
 */
export function answerShape(name: string): AnswerShape {
  return shapes.get(name) ?? any;
}
