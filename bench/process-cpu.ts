import { readFileSync } from "node:fs";

/** Linux counts in hundredths of a second, whatever the kernel's own tick (proc(5), USER_HZ). */
const TICKS_PER_SECOND = 100;

/** CPU seconds, user and system, that a process has used so far with all its threads (Linux: proc(5), stat). */
export function cpuSecondsOf(pid: number): number {
  return ticksIn(readFileSync(`/proc/${pid}/stat`, "utf8")) / TICKS_PER_SECOND;
}

/**
 * Of a process's first thread, the one in which a Redis runs its commands: the seconds that it has run, and those
 * that it could have run but for want of a core (Linux: sched-stats, /proc/<pid>/schedstat).
 */
export function mainThreadSeconds(pid: number): { ran: number; waited: number } {
  const [ran = 0, waited = 0] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, "utf8")
    .split(" ")
    .map(Number);
  return { ran: ran / 1e9, waited: waited / 1e9 };
}

/** Bytes that a process has had in memory at the most. */
export function peakMemoryOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/VmHWM:\s*(\d+) kB/.exec(status)?.[1] ?? Number.NaN) * 1024;
}

function ticksIn(stat: string): number {
  // The name in brackets may hold anything; utime and stime are the 12th and 13th field after it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}
