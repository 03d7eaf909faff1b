import { TributaryError } from "../../errors/tributary-error.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";
import { type ExportSight, findingFile } from "./finding-export.ts";
import {
  type FindingsQuery,
  type FindingView,
  filterOf,
  findingPage,
  findingView,
  WHOLE_KEY,
} from "./finding-views.ts";
import { partOf } from "./last-verdict.ts";
import type { VerificationRow, VerificationStore } from "./verification-store.ts";

/** What can be asked of the verifications of tasks that have ended, and of what they found. */
export function verificationQueries(supervisor: Supervisor, store: VerificationStore) {
  const { findings } = store;
  const nameOf = (taskId: string) => {
    const { shards } = supervisor.run(taskId).record;
    return (shardId: string) => shards.find(({ id }) => id === shardId)?.name ?? shardId;
  };
  const withPart = (taskId: string) => (row: VerificationRow) => ({
    ...row,
    part: partOf(row, nameOf(taskId)),
  });
  const found = (taskId: string, id: number) => {
    const { record } = supervisor.run(taskId);
    const run = store.get(taskId, id);
    if (run === null) throw new TributaryError("VERIFICATION_UNKNOWN", { task: record.name, run: id });
    return run;
  };
  return {
    /** All runs that are kept, newest first, each with the part that it looked at. */
    verificationHistory: (taskId: string) =>
      store.list(supervisor.run(taskId).record.id).map(withPart(taskId)),
    /** One run, without what it found. @throws TributaryError VERIFICATION_UNKNOWN */
    verification: (taskId: string, id: number) => {
      const run = found(taskId, id);
      const { differences, apart, dbs } = findings.kept(id);
      const newer = store.newest(taskId);
      return {
        ...withPart(taskId)(run),
        verdict: run.verdict,
        reason: run.reason,
        /** What is kept of its findings. */
        kept: { differences, apart },
        dbs,
        /** The id of the newest run with a verdict, where that is a later one. */
        newer: newer !== null && newer.id > id ? newer.id : null,
      };
    },
    /** A page of what a run found, and how much there is by this filter. */
    findings: (taskId: string, id: number, query: FindingsQuery) =>
      findingPage(findings, found(taskId, id), query),
    /** @throws TributaryError VERIFICATION_UNKNOWN, FINDING_UNKNOWN */
    finding: (taskId: string, id: number, number: number): FindingView => {
      const run = found(taskId, id);
      const finding = findings.get(id, number);
      if (finding === null) throw new TributaryError("FINDING_UNKNOWN", { run: id, number });
      return findingView(finding, run, WHOLE_KEY);
    },
    /** A run's findings as a file, piece by piece as it is asked for. */
    findingFile: (
      taskId: string,
      id: number,
      query: FindingsQuery,
      format: "csv" | "json",
      sight: ExportSight,
    ) => {
      const run = found(taskId, id);
      const filter = filterOf(query, run);
      const { name } = supervisor.run(taskId).record;
      const next = (behind: number, most: number) =>
        findings.after(id, filter, behind, most).map((one) => sight.finding(one));
      return findingFile(format, { task: { id: taskId, name }, run: sight.run(run), next });
    },
  };
}
