import type { Metadata } from "next";
import { caller, orNotFound, wholeNumber } from "@/app/server-caller";
import { Card } from "@/components/controls/card";
import { formatCount } from "@/components/format/count";
import { Ago } from "@/components/live/ago";
import { HiddenNote } from "@/components/people/hidden-note";
import { Breadcrumbs } from "@/components/shell/breadcrumbs";
import { FindingItem } from "@/components/verify/finding-item";
import { kindWords } from "@/components/verify/finding-kinds";

type Props = { params: Promise<{ id: string; run: string; finding: string }> };

async function findingOf({ params }: Props) {
  const { id, run, finding } = await params;
  const wanted = { id, run: wholeNumber(run) };
  const [task, ofRun, one] = await Promise.all([
    orNotFound((await caller()).task.get({ id })),
    orNotFound((await caller()).verify.run(wanted)),
    orNotFound((await caller()).verify.finding({ ...wanted, number: wholeNumber(finding) })),
  ]);
  return { task, run: ofRun, one };
}

export async function generateMetadata(props: Props): Promise<Metadata> {
  const { task, run, one } = await findingOf(props);
  return { title: `${kindWords[one.kind].word} · Finding ${one.number} of ${run.id} · ${task.name}` };
}

/** One finding alone, with its whole key. */
export default async function FindingPage(props: Props) {
  const { task, run, one } = await findingOf(props);
  return (
    <>
      <Breadcrumbs
        steps={[
          { href: "/tasks", label: "Tasks" },
          { href: `/tasks/${task.id}`, label: task.name },
          { href: `/tasks/${task.id}/verifications`, label: "Verifications" },
          { href: `/tasks/${task.id}/verifications/${run.id}`, label: `Verification ${run.id}` },
        ]}
      />
      <h1 className="text-[1.375rem] leading-tight font-semibold tracking-[-0.02em]">
        {kindWords[one.kind].word}
      </h1>
      <p className="mt-1 text-ink-2">{kindWords[one.kind].meaning}</p>
      <p className="num mt-0.5 text-[0.8125rem] text-ink-3">
        Finding {formatCount(one.number)}, <Ago at={run.finishedAt} />
      </p>
      <HiddenNote className="mt-3" />
      <Card className="mt-5">
        <FindingItem one={one} href={null} />
      </Card>
    </>
  );
}
