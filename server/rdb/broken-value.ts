import { TributaryError } from "../errors/tributary-error.ts";
import { printable } from "../redis/printable.ts";
import { RdbBroken } from "./rdb-length.ts";

/**
 * An error of reading a key's value, with the key: it is by that, and the offset in the RDB, that it can be looked up
 * on the shard. Any other error comes back as it is.
 */
export function namingKey(error: unknown, key: Uint8Array): unknown {
  const where = () => `in the value of key ${printable(key)}`;
  if (error instanceof RdbBroken) return new RdbBroken(error.at, `${error.message}, ${where()}`);
  if (!(error instanceof TributaryError) || error.code !== "RDB_CORRUPT") return error;
  const detail = `${error.details.detail}, ${where()}`;
  return new TributaryError("RDB_CORRUPT", { ...error.details, detail }, { cause: error });
}
