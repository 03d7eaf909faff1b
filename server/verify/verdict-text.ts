import type { KindCounts } from "./difference.ts";
import { apartKinds, type Difference, differenceKinds, isDifference, type SideFacts } from "./difference.ts";
import { printable } from "./printable.ts";
import { number, type Verdict } from "./verdict.ts";

/** A verdict as lines for a terminal: the sentence first. @param most differences that are shown. */
export function verdictLines(verdict: Verdict, most: number): string[] {
  const { sentence, notes, shards, unowned, counts } = verdict;
  const lines = [sentence, ...notes];
  if (Object.keys(counts).length > 0) {
    lines.push("", `by kind: ${kindsOf(counts)}`);
    for (const shard of shards)
      if (Object.keys(shard.counts).length > 0) lines.push(`  ${shard.shardName}: ${kindsOf(shard.counts)}`);
    if (Object.keys(unowned).length > 0) lines.push(`  on no shard: ${kindsOf(unowned)}`);
  }
  const differing = verdict.listed.filter(({ kind }) => isDifference(kind));
  const others = verdict.listed.filter(({ kind }) => !isDifference(kind));
  const shown = [...differing, ...others].slice(0, most);
  if (shown.length > 0) lines.push("", ...shown.flatMap((one) => linesOf(one, verdict)));
  const found = Object.values(counts).reduce((sum, count) => sum + count, 0);
  if (found > shown.length) lines.push(`… and ${number(found - shown.length)} more`);
  return lines;
}

function kindsOf(counts: KindCounts): string {
  return [...differenceKinds, ...apartKinds]
    .filter((kind) => counts[kind] !== undefined)
    .map((kind) => `${number(counts[kind]!)} ${kind}`)
    .join(", ");
}

function linesOf(
  { kind, shard, db, key, source, destination, elements }: Difference,
  { shards }: Verdict,
): string[] {
  const where = shard === null ? "no shard" : (shards[shard]?.shardName ?? "");
  const line = `${kind}  db ${db}  ${printable(key)}  (${where}: ${sideText(source)}; destination: ${sideText(destination)})`;
  const parts = elements.map(
    ({ part, name, source, destination }) =>
      `    ${part} ${printable(name)}: ${valueText(source)} / ${valueText(destination)}`,
  );
  return [line, ...parts];
}

function sideText(facts: SideFacts | null): string {
  if (facts === null) return "–";
  return facts.expireAt < 0 ? facts.type : `${facts.type} until ${timeText(facts.expireAt)}`;
}

/** Past the year 275,760 there are no dates in JavaScript. */
function timeText(ms: number): string {
  return ms > 8.64e15 ? `${ms} ms` : new Date(ms).toISOString();
}

function valueText(value: Buffer | null): string {
  return value === null ? "absent" : `"${printable(value)}"`;
}

/** Any bytes, readable and whole. */
export type BytesJson = { readonly text: string; readonly base64: string };

/** A verdict as plain data. */
export type VerdictJson = ReturnType<typeof verdictJson>;
export type FindingJson = VerdictJson["listed"][number];

/** A verdict as JSON: keys and values as text and, since they may be any bytes, in base64. */
export function verdictJson(verdict: Verdict) {
  return {
    ...verdict,
    range: { ...verdict.range, prefix: bytes(verdict.range.prefix) },
    listed: verdict.listed.map(({ key, source, destination, elements, ...finding }) => ({
      ...finding,
      key: bytes(key),
      source: sideJson(source),
      destination: sideJson(destination),
      elements: elements.map(({ part, name, source, destination }) => ({
        part,
        name: bytes(name),
        source: bytes(source),
        destination: bytes(destination),
      })),
    })),
  };
}

function sideJson(side: SideFacts | null) {
  if (side === null) return null;
  const beginning = side.beginning.map(({ part, name, value }) => ({
    part,
    name: bytes(name),
    value: bytes(value),
  }));
  return { ...side, beginning };
}

export function bytes(value: Buffer): BytesJson;
export function bytes(value: Buffer | null): BytesJson | null;
export function bytes(value: Buffer | null): BytesJson | null {
  return value === null ? null : { text: printable(value), base64: value.toString("base64") };
}
