import { stringAt, text } from "./rdb-key.ts";
import { countAt, read, skipLengths, skipString } from "./rdb-length.ts";
import { moduleName } from "./rdb-module.ts";
import { skipModuleFields } from "./rdb-skip.ts";

/** Sections of an RDB outside of keys that are passed; `lose` is told what is in them. The answers are those of rdb-length.ts. */
type Lose = (what: string) => void;

/** Name, engine, whether there is a description, the description, the code (redis 7.0-rc1: rdb.c rdbFunctionLoad). */
export function preReleaseFunctionAt(buffer: Uint8Array, at: number, end: number, lose: Lose): number {
  let next = stringAt(buffer, at, end);
  if (next < 0) return next;
  const name = Buffer.from(text.bytes.subarray(text.start, text.end)).toString();
  next = skipString(buffer, next, end);
  if (next < 0) return next;
  next = countAt(buffer, next, end);
  if (next < 0) return next;
  for (let left = read.length === 0 ? 1 : 2; left > 0; left--) {
    next = skipString(buffer, next, end);
    if (next < 0) return next;
  }
  lose(`function ${name} of a pre-release of Redis 7.0`);
  return next;
}

/** The module's ID, when it was saved (marked as an unsigned number), then its fields. */
export function moduleAuxAt(buffer: Uint8Array, at: number, end: number, lose: Lose): number {
  let next = skipLengths(buffer, at, end, 3);
  if (next < 0) return next;
  next = skipModuleFields(buffer, next, end);
  if (next < 0) return next;
  lose(`data outside of keys of the ${moduleName(buffer, at, end)}`);
  return next;
}

/** For each class of metadata its name in 4 bytes and fields as modules write them (redis: keymeta.c). */
export function keyMetaAt(buffer: Uint8Array, at: number, end: number, lose: Lose): number {
  let next = countAt(buffer, at, end);
  if (next < 0) return next;
  const classes = read.length;
  for (let left = classes; left > 0; left--) {
    next = skipModuleFields(buffer, next + 4, end);
    if (next < 0) return next;
  }
  if (classes > 0) lose("what a module has attached to a key");
  return next;
}

/** The job's name and its ranges of slots (valkey: cluster_migrateslots.c clusterRDBSaveSlotImports). */
export function slotImportAt(buffer: Uint8Array, at: number, end: number): number {
  let next = skipString(buffer, at, end);
  if (next < 0) return next;
  next = countAt(buffer, next, end);
  return next < 0 ? next : skipLengths(buffer, next, end, read.length * 2);
}
