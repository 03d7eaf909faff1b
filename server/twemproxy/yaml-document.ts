import { Composer, type Document, Lexer, LineCounter, Parser, type YAMLError, YAMLParseError } from "yaml";

/** A nutcracker.yml has three levels, each of which takes two places or three. */
const deepest = 100;

export type YamlDocument = { readonly contents: Document["contents"]; readonly errors: readonly YAMLError[] };
/** Place in the text from which on it is nested too deeply. */
export type TooDeep = { readonly tooDeepAt: number };

/**
 * Parses YAML whose scalars are all text (failsafe), as Twemproxy takes them. Errors quote nothing of the file.
 *
 * The library is recursive, and how deep it goes must be known beforehand: V8 ends the process when the stack
 * is exhausted while it compiles a regular expression, so that cannot be left to a catch.
 */
export function parseYaml(text: string): YamlDocument | TooDeep {
  const parser = new Parser();
  const tokens = [];
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    if (parser.stack.length > deepest) return { tooDeepAt: Math.min(parser.offset, text.length) };
  }
  for (const token of parser.end()) tokens.push(token);

  const composer = new Composer({ schema: "failsafe", uniqueKeys: false, prettyErrors: false });
  const [first, second] = composer.compose(tokens, true, text.length);
  if (first === undefined) return { contents: null, errors: [] };
  const errors = [...first.errors];
  if (second !== undefined) {
    const [start, end] = second.range;
    errors.push(new YAMLParseError([start, end], "MULTIPLE_DOCS", "another document begins"));
  }
  return { contents: first.contents, errors };
}

/** Where the lines of a text begin. The library's parser does not count those within brackets that are not closed. */
export function linesOf(text: string): LineCounter {
  const lines = new LineCounter();
  for (let start = 0; ; ) {
    lines.addNewLine(start);
    const end = text.indexOf("\n", start);
    if (end === -1) return lines;
    start = end + 1;
  }
}
