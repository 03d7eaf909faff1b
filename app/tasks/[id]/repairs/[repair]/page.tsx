import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { caller, orNotFound, wholeNumber } from "@/app/server-caller";
import { Card } from "@/components/controls/card";
import { Pager } from "@/components/controls/pager";
import { HiddenNote } from "@/components/people/hidden-note";
import { Breadcrumbs } from "@/components/shell/breadcrumbs";
import { ReasonNote } from "@/components/status/reason-note";
import { RepairFacts } from "@/components/verify/repair-facts";
import { RepairedKeys } from "@/components/verify/repaired-keys";

const PER_PAGE = 100;

type Props = {
  params: Promise<{ id: string; repair: string }>;
  searchParams: Promise<{ page?: string | string[] }>;
};

async function repairOf({ params }: Pick<Props, "params">) {
  const { id, repair } = await params;
  const [task, repairs] = await Promise.all([
    orNotFound((await caller()).task.get({ id })),
    orNotFound((await caller()).verify.repairs({ id })),
  ]);
  const row = repairs.rows.find((one) => one.id === wholeNumber(repair)) ?? notFound();
  return { task, row };
}

export async function generateMetadata(props: Props): Promise<Metadata> {
  const { task, row } = await repairOf(props);
  return { title: `Repair ${row.id} · ${task.name}` };
}

/** One repair: what it came to, who asked for it, and what became of each key. */
export default async function RepairPage(props: Props) {
  const { task, row } = await repairOf(props);
  const wanted = Number((await props.searchParams).page);
  const page = Number.isInteger(wanted) && wanted > 0 ? wanted : 1;
  const keys = await (await caller()).verify.repairedKeys({
    ...{ id: task.id, repair: row.id },
    ...{ from: (page - 1) * PER_PAGE, most: PER_PAGE },
  });
  const path = `/tasks/${task.id}/repairs/${row.id}`;
  return (
    <>
      <Breadcrumbs
        steps={[
          { href: "/tasks", label: "Tasks" },
          { href: `/tasks/${task.id}`, label: task.name },
          { href: `/tasks/${task.id}/verifications`, label: "Verifications" },
        ]}
      />
      <h1 className="num text-[1.375rem] leading-tight font-semibold tracking-[-0.02em] text-balance">
        {row.sentence === "" ? "The repair is under way" : row.sentence}
      </h1>
      <p className="num mt-1 text-[0.8125rem] text-ink-3">Repair {row.id}</p>
      {row.reason !== null && <ReasonNote reason={row.reason} className="mt-5" />}
      <HiddenNote className="mt-3" />
      <Card className="mt-5">
        <div className="px-4 py-4 sm:px-5">
          <RepairFacts taskId={task.id} row={row} />
        </div>
        <RepairedKeys shardNames={task.shards.map(({ name }) => name)} keys={keys} />
        <Pager
          label="Pages of the list"
          page={page}
          pages={Math.max(1, Math.ceil(row.keys / PER_PAGE))}
          href={(to) => `${path}?page=${to}`}
        />
      </Card>
    </>
  );
}
