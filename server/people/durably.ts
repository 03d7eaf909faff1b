import { writeFailure } from "../../db/write-failure.ts";
import { TributaryError } from "../errors/tributary-error.ts";

/**
 * Makes a write without which nothing may follow.
 * @param directory the data directory, for the message. @throws TributaryError DATABASE_UNWRITABLE
 */
export function durably<T>(directory: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    const detail = writeFailure(error);
    if (detail === null) throw error;
    throw new TributaryError("DATABASE_UNWRITABLE", { directory, detail }, { cause: error });
  }
}
