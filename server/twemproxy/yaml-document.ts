import {
  Composer,
  type Document,
  Lexer,
  type LineCounter,
  Parser,
  type YAMLError,
  YAMLParseError,
} from "yaml";

/** A nutcracker.yml has three levels, each of which takes two places or three. */
const deepest = 100;

export type YamlDocument = { readonly contents: Document["contents"]; readonly errors: readonly YAMLError[] };

/**
 * Parses YAML whose scalars are all text (failsafe), as Twemproxy takes them. Errors quote nothing of the file.
 *
 * The library is recursive, and how deep it goes must be known beforehand: V8 ends the process when the stack
 * is exhausted while it compiles a regular expression, so that cannot be left to a catch.
 * @returns null for what is nested too deeply.
 */
export function parseYaml(text: string, lines: LineCounter): YamlDocument | null {
  const parser = new Parser(lines.addNewLine);
  const tokens = [];
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    if (parser.stack.length > deepest) return null;
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
