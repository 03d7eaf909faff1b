import { isDifference } from "../../verify/difference.ts";
import { printable } from "../../verify/printable.ts";
import { bytes } from "../../verify/verdict-text.ts";
import { csvKey, csvLine, csvText } from "./csv.ts";
import type { StoredFinding } from "./finding-store.ts";
import type { KeptVerification } from "./verification-store.ts";

/** How what goes into a file is shown to whoever asks for it. */
export type ExportSight = {
  readonly run: (run: KeptVerification) => KeptVerification;
  readonly finding: (finding: StoredFinding) => StoredFinding;
};

export type ExportedRun = {
  readonly task: { readonly id: string; readonly name: string };
  readonly run: KeptVerification;
  /** The findings behind a number, in order, at most so many. */
  readonly next: (behind: number, most: number) => readonly StoredFinding[];
};

/** Findings that are read at once. */
const BATCH = 200;

const columns = [
  "number",
  "kind",
  "differs",
  "shard",
  "db",
  "source_db",
  "key",
  "shard_type",
  "shard_bytes",
  "shard_expires",
  "shard_value",
  "destination_type",
  "destination_bytes",
  "destination_expires",
  "destination_value",
  "parts",
] as const;

/** A run's findings as a file: its type, and its pieces, each made when the one before has gone. */
export function findingFile(
  format: "csv" | "json",
  exported: ExportedRun,
): { readonly type: string; readonly name: string; readonly pieces: Generator<string> } {
  const name = `verification-${exported.run.id}.${format}`;
  return format === "csv"
    ? { type: "text/csv; charset=utf-8; header=present", name, pieces: csvPieces(exported) }
    : { type: "application/json", name, pieces: jsonPieces(exported) };
}

function* csvPieces({ run, next }: ExportedRun): Generator<string> {
  yield csvLine(columns);
  for (const batch of batches(next)) {
    let text = "";
    for (const finding of batch) text += csvLine(cellsOf(finding, run));
    yield text;
  }
}

function cellsOf(finding: StoredFinding, { verdict }: KeptVerification): string[] {
  const { number, kind, shard, db, sourceDb, key, source, destination, elements } = finding;
  return [
    String(number),
    kind,
    isDifference(kind) ? "yes" : "no",
    csvText(shard === null ? "" : (verdict?.shards[shard]?.shardName ?? "")),
    String(db),
    String(sourceDb),
    csvKey(printable(key, Number.POSITIVE_INFINITY)),
    ...sideCells(source),
    ...sideCells(destination),
    csvText(
      elements
        .map(
          ({ part, name, source, destination }) =>
            `${part} ${name.text}: ${source?.text ?? "absent"} / ${destination?.text ?? "absent"}`,
        )
        .join("; "),
    ),
  ];
}

function sideCells(side: StoredFinding["source"]): string[] {
  if (side === null) return ["absent", "", "", ""];
  const { type, bytes, expireAt, beginning = [] } = side;
  const value = beginning.map(({ part, name, value }) =>
    part === "string" ? value.text : `${part} ${name.text}: ${value.text}`,
  );
  return [csvText(type), String(bytes), expireAt < 0 ? "" : String(expireAt), csvText(value.join("; "))];
}

function* jsonPieces({ task, run, next }: ExportedRun): Generator<string> {
  const { verdict, ...facts } = run;
  yield `${JSON.stringify({ task, run: facts, verdict }).slice(0, -1)},"findings":[`;
  let first = true;
  for (const batch of batches(next)) {
    let text = "";
    for (const { key, ...finding } of batch) {
      const differs = isDifference(finding.kind);
      text += `${first ? "" : ","}\n${JSON.stringify({ ...finding, differs, key: bytes(key) })}`;
      first = false;
    }
    yield text;
  }
  yield "\n]}\n";
}

function* batches(next: ExportedRun["next"]): Generator<readonly StoredFinding[]> {
  let behind = 0;
  for (;;) {
    const batch = next(behind, BATCH);
    const last = batch.at(-1);
    if (last === undefined) return;
    yield batch;
    behind = last.number;
  }
}
