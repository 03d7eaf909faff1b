import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";

export type Row = Readonly<Record<string, number | string>>;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function round2(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Prints the rows as a table and writes them, with the machine, to bench/results/<name>.json. */
export function report(name: string, rows: readonly Row[], result: Row): void {
  console.table(rows);
  console.log(
    Object.entries(result)
      .map(([key, value]) => `${key}: ${value}`)
      .join("\n"),
  );
  const folder = join(import.meta.dirname, "results");
  mkdirSync(folder, { recursive: true });
  const machine = {
    processor: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryBytes: totalmem(),
    node: process.version,
  };
  const written = { name, at: new Date().toISOString(), machine, result, rows };
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(written, null, 2)}\n`);
}
