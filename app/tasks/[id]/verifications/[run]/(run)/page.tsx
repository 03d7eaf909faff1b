import type { Metadata } from "next";
import Link from "next/link";
import { caller, orNotFound, wholeNumber } from "@/app/server-caller";
import { CardSection } from "@/components/controls/card";
import { Breadcrumbs } from "@/components/shell/breadcrumbs";
import { ReasonNote } from "@/components/status/reason-note";
import { ApartSection } from "@/components/verify/apart-section";
import { CountTable } from "@/components/verify/count-table";
import { findingsInput, readFilter, type SearchParams } from "@/components/verify/finding-filter";
import { FindingsSection } from "@/components/verify/findings-section";
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
      <h1 className="num text-[1.375rem] leading-tight font-semibold tracking-[-0.02em]">
        Verification {run.id}
      </h1>
      <CardSection title="Verdict" className="mt-5">
        <div className="space-y-4 px-4 pb-5 sm:px-5">
          <VerdictHead outcome={run.outcome} sentence={run.sentence} part={run.part} />
          {run.newer !== null && (
            <p className="text-ink-2">
              This one is of the past:{" "}
              <Link href={`/tasks/${task.id}/verifications/${run.newer}`} className="text-river underline">
                there is a newer one
              </Link>
              .
            </p>
          )}
          {run.reason !== null && <ReasonNote reason={run.reason} />}
          <RunFacts run={run} />
        </div>
        {verdict !== null && (
          <CountTable caption="Differences, by kind and shard" verdict={verdict} path={path} differs />
        )}
      </CardSection>
      {verdict !== null && <ApartSection verdict={verdict} path={path} />}
      {found !== null && <FindingsSection taskId={task.id} run={run} filter={filter} found={found} />}
    </>
  );
}
