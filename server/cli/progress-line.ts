import type { ShardReport } from "../sync/report/shard-report.ts";

/** One line about a shard, as a terminal shows it; `width` in columns. */
export function progressLine(
  name: string,
  report: ShardReport | null,
  previous: ShardReport | null,
  width: number,
): string {
  if (report === null) return `${name}  waiting`;
  const label = `${name}  ${report.status}`;
  if (report.status === "initial-sync") return cut(`${label}  ${initialSync(report, previous)}`, width);
  if (report.status === "synchronizing") return cut(`${label}  ${stream(report, previous)}`, width);
  return cut(report.reason === null ? label : `${label}  ${report.reason.message}`, width);
}

function initialSync(report: ShardReport, previous: ShardReport | null): string {
  const sync = report.initialSync;
  if (sync === null || sync.step === "waiting-for-rdb") return "the master is saving its RDB";
  const total = sync.rdbBytesTotal;
  const share = total === null || total === 0 ? null : Math.min(1, sync.rdbBytesApplied / total);
  const seconds = (report.at - (sync.transferStartedAt ?? report.at)) / 1000;
  const rate = seconds > 0 ? sync.rdbBytesApplied / seconds : 0;
  const left = total === null || rate === 0 ? null : (total - sync.rdbBytesApplied) / rate;
  const before = previous?.initialSync;
  const keysPerSecond =
    before == null || previous === null || report.at <= previous.at
      ? null
      : ((sync.keysApplied - before.keysApplied) * 1000) / (report.at - previous.at);
  return [
    share === null ? null : bar(share),
    share === null ? null : `${Math.floor(share * 100)} %`,
    total === null ? bytes(sync.rdbBytesApplied) : `${bytes(sync.rdbBytesApplied)} of ${bytes(total)}`,
    `${count(sync.keysApplied)} ${sync.keysApplied === 1 ? "key" : "keys"}`,
    keysPerSecond === null ? null : `${count(keysPerSecond)}/s`,
    left === null ? null : `${Math.ceil(left)} s left`,
  ]
    .filter((part) => part !== null)
    .join("  ");
}

function stream(report: ShardReport, previous: ShardReport | null): string {
  const { lag } = report;
  const before = previous?.stream;
  const rate =
    report.stream === null || before == null || previous === null || report.at <= previous.at
      ? null
      : ((report.stream.commandsApplied - before.commandsApplied) * 1000) / (report.at - previous.at);
  return [
    `lag ${lag.seconds === null ? "unknown" : `${lag.seconds.toFixed(3)} s`}, ${lag.bytes === null ? "unknown" : bytes(lag.bytes)}`,
    rate === null ? null : `${count(rate)} commands/s`,
    `${count(report.stream?.commandsApplied ?? 0)} applied`,
    report.stream !== null && report.stream.commandsSkipped > 0
      ? `${count(report.stream.commandsSkipped)} skipped`
      : null,
    report.stream !== null && report.stream.commandsRejected > 0
      ? `${count(report.stream.commandsRejected)} rejected`
      : null,
  ]
    .filter((part) => part !== null)
    .join("  ");
}

function bar(share: number): string {
  const full = Math.round(share * 24);
  return `${"█".repeat(full)}${"░".repeat(24 - full)}`;
}

function bytes(value: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  let amount = value;
  while (amount >= 1024 && unit < units.length - 1) {
    amount /= 1024;
    unit++;
  }
  return `${unit === 0 ? amount : amount.toFixed(1)} ${units[unit]}`;
}

function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(1, width - 1))}…`;
}
