import { encodeCommand } from "../../redis/encode-command.ts";
import type { Args, Downgraded, Rewrite } from "./command-downgrade-rewrites.ts";
import * as script from "./command-downgrade-scripts.ts";
import { xaddOptions } from "./xadd-options.ts";

/** What a destination knows of the options of XADD and XTRIM. */
type XaddAbilities = {
  /** NOMKSTREAM, MINID and LIMIT (6.2). */
  readonly minId: boolean;
  /** DELREF and ACKED (Redis 8.2; Valkey has none). */
  readonly references: boolean;
};

/**
 * XADD and XTRIM as a client may send them:
 * - A master propagates `~` as `=` and keeps LIMIT, which only `~` may have unless a master says it (redis:
 *   t_stream.c streamRewriteApproxSpecifier, streamParseAddOrTrimArgsOrReply).
 * - It propagates IDMP and IDMPAUTO (Redis 8.6) beside the ID that the entry has got, which only a master may say.
 *   What a producer sent twice is not propagated twice; what it sends again after the cutover is not recognized.
 * - KEEPREF (Redis 8.2) is the default. DELREF and ACKED say something only where entries are trimmed; what they do
 *   to groups cannot be said to a destination that has not got them, so the key is copied.
 */
export function xaddRewrites(abilities: XaddAbilities): Readonly<Record<string, Rewrite>> {
  return {
    XADD: (args) => addedTo(args, abilities),
    XTRIM: (args) => trimmed(args, abilities),
  };
}

function addedTo(args: Args, { minId, references }: XaddAbilities): Downgraded | null {
  const found = xaddOptions(args, 2);
  const { noMkStream, trim, limit } = found;
  const [key, entry] = [args[1]!, args.slice(found.end)];
  if (trim !== null && found.references !== null && !references) return { bytes: null, fetch: key };
  if (trim?.by === "MINID" && !minId) {
    if (entry.length > script.MAX_UNPACKED) return { bytes: null, fetch: key };
    return sent(["EVAL", script.addAndTrimBelow, "1", key, trim.least, ...entry]);
  }
  const without = found.superfluous || (found.references !== null && trim === null);
  const unknown = minId ? limit && trim?.exact === true : noMkStream || limit;
  if (!without && !unknown) return null;
  // NOMKSTREAM is propagated only where the stream was there.
  const first = noMkStream && minId ? ["NOMKSTREAM"] : [];
  return sent([args[0]!, key, ...first, ...trimming(found), ...entry]);
}

function trimmed(args: Args, { minId, references }: XaddAbilities): Downgraded | null {
  const found = xaddOptions(args, 2);
  const { trim, limit } = found;
  const key = args[1]!;
  if (trim === null) return null;
  if (found.references !== null && !references) return { bytes: null, fetch: key };
  if (trim.by === "MINID" && !minId) return sent(["EVAL", script.trimBelow, "1", key, trim.least]);
  if (!found.superfluous && !(limit && (trim.exact || !minId))) return null;
  return sent([args[0]!, key, ...trimming(found)]);
}

function trimming({ trim, references }: ReturnType<typeof xaddOptions>): (string | Buffer)[] {
  if (trim === null) return [];
  return [...(references === null ? [] : [references]), trim.by, "=", trim.least];
}

const sent = (args: readonly (string | Buffer)[]): Downgraded => ({ bytes: encodeCommand(args) });
