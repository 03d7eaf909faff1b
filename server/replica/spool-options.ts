import type { TributaryError } from "../errors/tributary-error.ts";
import type { SegmentFiles } from "./segment-file.ts";
import type { SpoolQuota } from "./spool-quota.ts";

export type SpoolDiskOptions = {
  /** Made when the first segment goes to disk. Its files are deleted by close(). */
  readonly directory: string;
  /** Beginning of the files' names: two spools may share a folder. */
  readonly name: string;
  /** Bytes that may lie on disk; spools may share it. */
  readonly quota: SpoolQuota;
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
   * "applied": what release() was told is dropped, but for the last `retainBytes` where memory is not short, and
   * what is to be kept, of which at most `keepBytes` lie on disk. "all": everything is kept
   * until close(), so that it can be read again; where the quota or the disk does not allow it, what all readers have
   * passed is dropped from the start on, and `start` is no longer 0.
   */
  readonly retain: "applied" | "all";
  readonly retainBytes?: number;
  readonly keepBytes?: number;
  /** The quota is used up and the owner is asked to hold the source: told each time that this begins. */
  readonly onQuotaReached?: () => void;
};
