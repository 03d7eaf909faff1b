import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/**
 * Bytes of strings and objects, dead ones included until the collector comes. What it grows by during one input is
 * therefore never more than the input has made, and what outlives the new generation is missed only if the old one was
 * collected within that input.
 */
export function usedHeap(): number {
  return getHeapStatistics().used_heap_size;
}

/** Bytes of strings and objects that somebody still holds. */
export function liveHeap(): number {
  // What is freed by a finalizer is gone after the second time.
  collect();
  collect();
  return usedHeap();
}
