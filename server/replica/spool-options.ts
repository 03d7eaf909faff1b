import type { TributaryError } from "../errors/tributary-error.ts";
import type { SegmentFiles } from "./segment-file.ts";

export type SpoolDiskOptions = {
  /** Made when the first segment goes to disk. Its files are deleted by close(). */
  readonly directory: string;
  /** Beginning of the files' names: two spools may share a folder. */
  readonly name: string;
  /** Bytes that may lie on disk. */
  readonly quotaBytes: number;
  /** The disk refuses a write: told once until it works again. Nothing is lost; the write is tried again. */
  readonly onProblem: (problem: TributaryError) => void;
  readonly onRecovered?: () => void;
  /** ms between two tries of a write that failed; 1000 when not given. */
  readonly retryMs?: number;
  readonly files?: SegmentFiles;
};

export type SpoolOptions = SpoolDiskOptions & {
  /** Bytes that may be held in memory before segments go to disk, at least four segments. */
  readonly memoryBytes: number;
  /** Bytes of a segment; a sixteenth of memoryBytes between 64 KiB and 2 MiB when not given. */
  readonly segmentBytes?: number;
  /**
   * "applied": what release() was told is dropped, but for the last `retainBytes`. "all": everything is kept
   * until close(), so that it can be read again; where the quota does not allow it, what all readers have
   * passed is dropped from the start on, and `start` is no longer 0.
   */
  readonly retain: "applied" | "all";
  readonly retainBytes?: number;
};
