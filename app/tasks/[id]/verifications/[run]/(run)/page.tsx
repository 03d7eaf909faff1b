import type { Metadata } from "next";
import Link from "next/link";
import { caller, orNotFound, wholeNumber } from "@/app/server-caller";
import { Card } from "@/components/controls/card";
import { Breadcrumbs } from "@/components/shell/breadcrumbs";
import { ReasonNote } from "@/components/status/reason-note";
import { ApartSection } from "@/components/verify/apart-section";
import { CountTable } from "@/components/verify/count-table";
import { findingsInput, readFilter, type SearchParams } from "@/components/verify/finding-filter";
import { FindingsSection } from "@/components/verify/findings-section";
import { RepairStatus } from "@/components/verify/repair-status";
import { RunFacts } from "@/components/verify/run-facts";
import { VerdictHead } from "@/components/verify/verdict-head";
import { verdictLooks } from "@/components/verify/verdict-looks";

type Props = { params: Promise<{ id: string; run: string }>; searchParams: Promise<SearchParams> };

async function runOf({ params }: Pick<Props, "params">) {
  const { id, run } = await params;
  const [task, found] = await Promise.all([
    orNotFound((await caller()).task.get({ id })),
    orNotFound((await caller()).verify.run({ id, run: wholeNumber(run) })),
  ]);
  return { task, run: found };
}

export async function generateMetadata(props: Props): Promise<Metadata> {
  const { task, run } = await runOf(props);
  return { title: `${verdictLooks[run.outcome].word} · Verification ${run.id} · ${task.name}` };
}

/** One run of a verification: the verdict, the numbers, and what it found key by key. */
export default async function RunPage(props: Props) {
  const { task, run } = await runOf(props);
  const filter = readFilter(await props.searchParams);
  const { verdict } = run;
  const path = `/tasks/${task.id}/verifications/${run.id}`;
  const found =
    verdict === null
      ? null
      : await orNotFound(
          (await caller()).verify.findings({ id: task.id, run: run.id, ...findingsInput(filter) }),
        );
  return (
    <>
      <Breadcrumbs
        steps={[
          { href: "/tasks", label: "Tasks" },
          { href: `/tasks/${task.id}`, label: task.name },
          { href: `/tasks/${task.id}/verifications`, label: "Verifications" },
        ]}
      />
      <VerdictHead run={run} />
      {run.newer !== null && (
        <p className="mt-3 text-ink-2">
          This is an older verification.{" "}
          <Link href={`/tasks/${task.id}/verifications/${run.newer}`} className="text-river underline">
            See the newest one
          </Link>
        </p>
      )}
      {run.reason !== null && <ReasonNote reason={run.reason} className="mt-5" />}
      <Card className="mt-5">
        <div className="px-4 py-4 sm:px-5">
          <RunFacts run={run} />
        </div>
        {verdict !== null && (
          <CountTable caption="Differences, by kind and shard" verdict={verdict} path={path} differs />
        )}
        <RepairStatus taskId={task.id} run={run.id} />
      </Card>
      {verdict !== null && <ApartSection verdict={verdict} path={path} />}
      {found !== null && <FindingsSection taskId={task.id} run={run} filter={filter} found={found} />}
    </>
  );
}
