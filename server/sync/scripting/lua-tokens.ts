/** A word of a Lua script: a name or keyword, a string without its quotes, or anything else. */
export type Token = { readonly kind: "name" | "text" | "other"; readonly text: string };

const SPACE = /\s+/y;
const NAME = /[A-Za-z_]\w*/y;
const LONG = /\[(=*)\[/y;
const QUOTED = /(["'])((?:\\[\s\S]|(?!\1)[^\\\n])*)\1/y;
const OTHER = /==|~=|<=|>=|\.{2,3}|[\s\S]/y;

/** Whether the word is this one, and neither a name nor a string. */
export function is(token: Token | undefined, text: string): boolean {
  return token?.kind === "other" && token.text === text;
}

/** The words of a script, without spaces and comments; null where a string or a comment has no end. */
export function luaTokens(body: string): Token[] | null {
  const tokens: Token[] = [];
  const reader = new Reader(body);
  while (!reader.atEnd()) {
    if (reader.take(SPACE) !== null) continue;
    const token = reader.takeText("--") ? reader.comment() : reader.token();
    if (token === "unfinished") return null;
    if (token !== null) tokens.push(token);
  }
  return tokens;
}

class Reader {
  private at = 0;
  private readonly body: string;

  constructor(body: string) {
    this.body = body;
  }

  atEnd(): boolean {
    return this.at >= this.body.length;
  }

  take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.body);
    if (match !== null) this.at = pattern.lastIndex;
    return match;
  }

  takeText(text: string): boolean {
    if (!this.body.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  /** Behind its `--`. */
  comment(): null | "unfinished" {
    const long = this.take(LONG);
    if (long !== null) return this.long(long[1]!) === null ? "unfinished" : null;
    const end = this.body.indexOf("\n", this.at);
    this.at = end < 0 ? this.body.length : end;
    return null;
  }

  token(): Token | "unfinished" {
    const long = this.take(LONG);
    if (long !== null) return textToken(this.long(long[1]!));
    const quote = this.body[this.at];
    if (quote === '"' || quote === "'") return textToken(this.take(QUOTED)?.[2] ?? null);
    const name = this.take(NAME);
    return name !== null ? { kind: "name", text: name[0] } : { kind: "other", text: this.take(OTHER)![0] };
  }

  /** Up to its closing bracket, of as many equal signs as the opening one. */
  private long(signs: string): string | null {
    const close = `]${signs}]`;
    const end = this.body.indexOf(close, this.at);
    if (end < 0) return null;
    const text = this.body.slice(this.at, end);
    this.at = end + close.length;
    return text;
  }
}

function textToken(text: string | null): Token | "unfinished" {
  return text === null ? "unfinished" : { kind: "text", text };
}
