import { word } from "./command-arguments.ts";

/** The options of XADD and XTRIM, which may stand in any order. */
export type StreamOptions = {
  readonly noMkStream: boolean;
  /** How the stream is trimmed; null where it is not. */
  readonly trim: { readonly by: "MAXLEN" | "MINID"; readonly exact: boolean; readonly least: Buffer } | null;
  readonly limit: boolean;
  /** KEEPREF, DELREF, ACKED and others that are not looked into. */
  readonly others: readonly Buffer[];
  /** Where the first argument behind them stands: of XADD the entry's ID. */
  readonly end: number;
};

/** redis: t_stream.c streamParseAddOrTrimArgsOrReply. @param first where the options begin. */
export function streamOptions(args: readonly Buffer[], first: number): StreamOptions {
  let noMkStream = false;
  let trim: StreamOptions["trim"] = null;
  let limit = false;
  const others: Buffer[] = [];
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
    } else if (/^(KEEPREF|DELREF|ACKED)$/.test(option)) others.push(args[at]!);
    else break;
  }
  return { noMkStream, trim, limit, others, end: at };
}
