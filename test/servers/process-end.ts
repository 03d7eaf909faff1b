const tasks: (() => void)[] = [];

/**
 * Runs `task` (synchronous) when this process ends: on exit, and on SIGINT, SIGTERM and SIGHUP where nobody
 * else listens for them, since Node skips its exit handlers when a signal ends it.
 */
export function onProcessEnd(task: () => void): void {
  tasks.push(task);
  if (tasks.length > 1) return;
  process.once("exit", runAll);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    if (process.listenerCount(signal) > 0) continue;
    process.once(signal, () => {
      runAll();
      process.kill(process.pid, signal);
    });
  }
}

function runAll(): void {
  // Last come, first gone: processes were started inside folders that were made before them.
  for (const task of tasks.splice(0).reverse()) task();
}
