/** Text for a person at a terminal, or for a log: colors and overwritten lines only where there is a terminal. */
export class Terminal {
  readonly #out: NodeJS.WriteStream;
  readonly #isTerminal: boolean;
  #block = 0;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
    this.#isTerminal = out.isTTY === true && process.env.TERM !== "dumb";
  }

  get isTerminal(): boolean {
    return this.#isTerminal;
  }

  line(text = ""): void {
    this.#block = 0;
    this.#out.write(`${text}\n`);
  }

  /** A name and its value, e.g. of a server. */
  fact(name: string, value: string): void {
    this.line(`  ${this.#style("2", name.padEnd(12))} ${value}`);
  }

  heading(text: string): void {
    this.line(this.#style("1", text));
  }

  link(url: string): string {
    return this.#style("1;36", url);
  }

  failure(text: string): void {
    this.line(this.#style("31", text));
  }

  /** Lines that take the place of the former block, where nothing was written between. */
  block(lines: readonly string[]): void {
    const width = Math.max(20, (this.#out.columns ?? 80) - 1);
    if (this.#isTerminal && this.#block > 0) this.#out.write(`\u001b[${this.#block}A\u001b[J`);
    for (const text of lines) this.#out.write(`${this.#isTerminal ? text.slice(0, width) : text}\n`);
    this.#block = lines.length;
  }

  #style(code: string, text: string): string {
    return this.#isTerminal && process.env.NO_COLOR === undefined ? `\u001b[${code}m${text}\u001b[0m` : text;
  }
}
