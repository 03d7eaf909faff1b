/** Where the values of commands that are not answered yet begin in the RDB; commands come and are answered in order. */
export class OffsetsOfCommands {
  #commands: number[] = [];
  #offsets: number[] = [];
  /** Of the first that is not answered. */
  #first = 0;

  add(command: number, offset: number): void {
    this.#commands.push(command);
    this.#offsets.push(offset);
  }

  /** @returns -1 for a command that has none; only the next to be answered is asked for. */
  offsetOf(command: number): number {
    return this.#commands[this.#first] === command ? this.#offsets[this.#first]! : -1;
  }

  /** The command has been answered. */
  passed(command: number): void {
    if (this.#commands[this.#first] !== command) return;
    this.#first++;
    if (this.#first === this.#commands.length) {
      this.#commands = [];
      this.#offsets = [];
      this.#first = 0;
    } else if (this.#first >= 4096) {
      this.#commands.splice(0, this.#first);
      this.#offsets.splice(0, this.#first);
      this.#first = 0;
    }
  }
}
