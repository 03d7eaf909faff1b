import { word } from "./command-arguments.ts";

/** The options of XADD and XTRIM, which may stand in any order. */
export type XaddOptions = {
  readonly noMkStream: boolean;
  /** How the stream is trimmed; null where it is not. */
  readonly trim: { readonly by: "MAXLEN" | "MINID"; readonly exact: boolean; readonly least: Buffer } | null;
  readonly limit: boolean;
  /** What becomes of references of groups to entries that are trimmed (Redis 8.2); null where they are kept. */
  readonly references: "DELREF" | "ACKED" | null;
  /** KEEPREF, which is the default, IDMP or IDMPAUTO is there. */
  readonly superfluous: boolean;
  /** Where the first argument behind them stands: of XADD the entry's ID. */
  readonly end: number;
};

/** redis: t_stream.c streamParseAddOrTrimArgsOrReply. @param first where the options begin. */
export function xaddOptions(args: readonly Buffer[], first: number): XaddOptions {
  let noMkStream = false;
  let trim: XaddOptions["trim"] = null;
  let limit = false;
  let references: XaddOptions["references"] = null;
  let superfluous = false;
  let at = first;
  for (; at < args.length; at++) {
    const option = word(args[at]);
    if (option === "NOMKSTREAM") noMkStream = true;
    else if (option === "MAXLEN" || option === "MINID") {
      const sign = word(args[at + 1]);
      if (sign === "=" || sign === "~") at++;
      trim = { by: option, exact: sign !== "~", least: args[++at] ?? Buffer.alloc(0) };
    } else if (option === "LIMIT") {
      limit = true;
      at++;
    } else if (option === "DELREF" || option === "ACKED") references = option;
    else if (option in SUPERFLUOUS) {
      superfluous = true;
      at += SUPERFLUOUS[option]!;
    } else break;
  }
  return { noMkStream, trim, limit, references, superfluous, end: Math.min(at, args.length) };
}

/** With the number of arguments behind each: IDMPAUTO producer, IDMP producer iid. */
const SUPERFLUOUS: Readonly<Record<string, number>> = { KEEPREF: 0, IDMPAUTO: 1, IDMP: 2 };
