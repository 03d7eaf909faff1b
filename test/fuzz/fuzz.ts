import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { type SeededRandom, seededRandom } from "../traffic/seeded-random.ts";
import { watchAllocations } from "./allocations.ts";
import { watchForHang } from "./hang-watch.ts";
import { liveHeap, usedHeap } from "./heap.ts";
import { LastInput } from "./last-input.ts";
import { type LengthFields, mutate } from "./mutate.ts";

/** Inputs for each parser; `npm run test:fuzz` sets more. */
export const fuzzRuns = Number(process.env.FUZZ_RUNS ?? 2_000);
/** ms for one parser's inputs: twenty times what the slowest needs. */
export const fuzzTimeout = 60_000 + fuzzRuns * 20;

const seed = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
/** With FUZZ_INDEX that input alone is tried, and saved. */
const only = process.env.FUZZ_INDEX === undefined ? null : Number(process.env.FUZZ_INDEX);

/** ms of the processor for one input of at most some 100 KB. */
const LONGEST_MS = 5_000;
const MIB = 1024 * 1024;
/** Bytes of strings and objects that any input may make, what the test makes to compare with included. */
const HEAP_OF_ANY = 16 * MIB;
/** Bytes that all inputs after the first may leave behind: compiled code, no more with more inputs. */
const MAY_REMAIN = 8 * MIB;
const WARM_UP = 200;
/** Clients of servers that a test has started allocate meanwhile, too. */
const OTHERS_MAY_ALLOCATE = 512 * 1024;

export type FuzzOptions = {
  /** The parser, as failures name it. */
  readonly name: string;
  /** Real inputs. */
  readonly corpus: readonly Uint8Array[];
  readonly fields: LengthFields;
  /**
   * Reads one input. What it throws is a failure: errors that the parser documents are its business.
   * @returns whether the parser has refused the input.
   */
  readonly read: (input: Buffer, random: SeededRandom) => boolean | Promise<boolean>;
  /** Bytes in arrays that reading may allocate in all, for an input of so many bytes. */
  readonly mayAllocate: (bytes: number) => number;
  /** Bytes of strings and objects that reading may make for each byte of an input; 512 unless given. */
  readonly heapPerByte?: number;
  /** Whether the parser refuses what it cannot read; one that takes every input never does. */
  readonly refuses: boolean;
  /** `fuzzRuns` unless given. */
  readonly runs?: number;
};

/**
 * Gives a parser `fuzzRuns` mutations of real inputs. Each depends on TEST_SEED and its index alone. An input at
 * which the parser throws what it should not, takes too long or takes too much memory is saved and named.
 */
export async function fuzz(options: FuzzOptions): Promise<void> {
  const runs = options.runs ?? fuzzRuns;
  const last = new LastInput(options.name);
  console.log(
    `fuzz ${options.name}: TEST_SEED=${seed} FUZZ_RUNS=${runs}; should the process end, ${last.file} names the input`,
  );
  const hang = watchForHang((index) => `${options.name} hangs at TEST_SEED=${seed} FUZZ_INDEX=${index}`);
  const allocations = watchAllocations();
  const began = performance.now();
  let refused = 0;
  let bytes = 0;
  let slowest = { ms: 0, index: 0 };
  let largest = { bytes: 0, index: 0 };
  let held: number | null = null;
  let remains = 0;
  try {
    for (let index = only ?? 0; index < (only === null ? runs : only + 1); index++) {
      hang.at(index);
      last.at(index);
      const random = seededRandom(seed + Math.imul(index, 0x9e3779b1));
      const input = mutate(options.corpus, random, options.fields);
      bytes += input.length;
      if (only !== null) console.log(`saved as ${save(options.name, index, input)}`);
      allocations.reset();
      const heapBefore = usedHeap();
      const started = performance.now();
      const startedCpu = process.cpuUsage();
      try {
        if (await options.read(input, random)) refused++;
        const took = performance.now() - started;
        if (took > slowest.ms) slowest = { ms: took, index };
        const allocated = allocations.bytes - OTHERS_MAY_ALLOCATE;
        // On a busy machine a moment may last seconds in which this process does nothing.
        const cpuMs = took < LONGEST_MS ? 0 : process.cpuUsage(startedCpu).user / 1_000;
        if (cpuMs > LONGEST_MS) throw new Error(`it took ${Math.round(cpuMs)} ms of the processor`);
        if (allocated > options.mayAllocate(input.length)) {
          throw new Error(`it allocated ${allocations.bytes} bytes for an input of ${input.length}`);
        }
        const heap = usedHeap() - heapBefore;
        if (heap > largest.bytes) largest = { bytes: heap, index };
        if (heap > HEAP_OF_ANY + (options.heapPerByte ?? 512) * input.length) {
          throw new Error(`it made ${heap} bytes of strings and objects of an input of ${input.length}`);
        }
      } catch (error) {
        throw failure(options.name, index, input, error);
      }
      if (index === WARM_UP) held = liveHeap();
    }
    remains = held === null ? 0 : liveHeap() - held;
  } finally {
    allocations.stop();
    hang.stop();
    last.forget();
  }
  console.log(
    `fuzz ${options.name}: ${runs} inputs, ${refused} refused, ${(bytes / MIB).toFixed(1)} MiB in ` +
      `${((performance.now() - began) / 1000).toFixed(1)} s, the slowest ${slowest.ms.toFixed(1)} ms (FUZZ_INDEX=${slowest.index}), ` +
      `the largest ${(largest.bytes / MIB).toFixed(1)} MiB of heap (FUZZ_INDEX=${largest.index}), ${(remains / MIB).toFixed(1)} MiB remain`,
  );
  expect(remains, "bytes of strings and objects that the inputs have left behind").toBeLessThan(MAY_REMAIN);
  if (only !== null) return;
  // A fuzz of which nothing, or everything, is refused tries the same thing again and again.
  if (options.refuses) expect(refused).toBeGreaterThan(runs / 50);
  expect(runs - refused).toBeGreaterThan(runs / 50);
}

function save(name: string, index: number, input: Buffer): string {
  const file = join(tmpdir(), `tributary-fuzz-${name.replace(/\W+/g, "-")}-${seed}-${index}.bin`);
  writeFileSync(file, input);
  return file;
}

function failure(name: string, index: number, input: Buffer, cause: unknown): Error {
  const file = save(name, index, input);
  const shown = input.length <= 600 ? `: ${input.toString("base64")}` : "";
  const why = cause instanceof Error ? cause.message : String(cause);
  return new Error(
    `${name} at TEST_SEED=${seed} FUZZ_INDEX=${index}: ${why}\nits input of ${input.length} bytes is in ${file}${shown}`,
    { cause },
  );
}
