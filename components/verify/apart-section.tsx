import { CardSection } from "@/components/controls/card";
import type { Outputs } from "@/components/live/trpc";
import { CountTable } from "./count-table";

type Verdict = NonNullable<Outputs["verify"]["run"]["verdict"]>;

/** What is no difference and is said all the same. */
export function ApartSection({ verdict, path }: { verdict: Verdict; path: string }) {
  if (verdict.notes.length === 0) return null;
  return (
    <CardSection title="Not counted as differences" className="mt-5">
      <div className="px-4 pb-4 sm:px-5">
        <ul className="num list-disc space-y-1 pl-5 text-ink-2">
          {verdict.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      </div>
      <CountTable
        caption="Not counted as differences, by kind and shard"
        verdict={verdict}
        path={path}
        differs={false}
      />
    </CardSection>
  );
}
