import { writeFailure } from "../../../db/write-failure.ts";
import { type PlainReason, reasonOf, TributaryError } from "../../errors/tributary-error.ts";

/** Whether the database takes what is written. A write that fails ends nothing: it is kept and tried again. */
export class StorageHealth {
  /** null while it does. */
  problem: PlainReason | null = null;
  readonly #directory: string;
  readonly #onChange: (problem: PlainReason | null, error: unknown) => void;

  /** @param onChange hears of a problem when it begins or is another, with its error, and of its end. */
  constructor(directory: string, onChange: (problem: PlainReason | null, error: unknown) => void) {
    this.#directory = directory;
    this.#onChange = onChange;
  }

  /** Whether it is a failure of the disk, or of who holds the file; any other error is not of this kind. */
  failed(error: unknown): boolean {
    const detail = writeFailure(error);
    if (detail === null) return false;
    const before = this.problem?.message;
    this.problem = reasonOf("DATABASE_UNWRITABLE", { directory: this.#directory, detail });
    if (this.problem.message !== before) this.#onChange(this.problem, error);
    return true;
  }

  wrote(): void {
    if (this.problem === null) return;
    this.problem = null;
    this.#onChange(null, null);
  }

  /**
   * Makes a write that has to be durable before anything follows from it.
   * @throws TributaryError DATABASE_UNWRITABLE
   */
  durably(write: () => void): void {
    try {
      write();
    } catch (error) {
      if (!this.failed(error)) throw error;
      const detail = String(writeFailure(error));
      throw new TributaryError(
        "DATABASE_UNWRITABLE",
        { directory: this.#directory, detail },
        { cause: error },
      );
    }
    this.wrote();
  }
}
