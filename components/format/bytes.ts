const units = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** Bytes for people: '512 B', '1.5 KiB', '104 MiB'. One decimal below 100, none above; binary units. */
export function formatBytes(bytes: number): string {
  let value = Math.abs(bytes);
  let unit = 0;
  // Past 1023.5 the rounded text would read '1024', which the next unit says better.
  while (value >= (unit === 0 ? 1024 : 1023.5) && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const text = unit === 0 || value >= 99.95 ? String(Math.round(value)) : value.toFixed(1);
  return `${bytes < 0 ? "-" : ""}${text} ${units[unit]}`;
}

/** Bytes per second: '12.3 MiB/s'. */
export function formatByteRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}
