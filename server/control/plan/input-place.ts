import { TributaryError } from "../../errors/tributary-error.ts";

/** Hands an error on with the field of the input that it belongs to. */
export function placed<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof TributaryError)) throw error;
    throw new TributaryError(error.code, { ...error.details, path }, { cause: error });
  }
}
