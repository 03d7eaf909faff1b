import { CardSection } from "@/components/controls/card";
import { formatPlural } from "@/components/format/count";
import type { Outputs } from "@/components/live/trpc";
import { CountTable } from "./count-table";
import { unseenKinds } from "./finding-kinds";

type Verdict = NonNullable<Outputs["verify"]["run"]["verdict"]>;

/** What is no difference and is said all the same. */
export function ApartSection({ verdict, path }: { verdict: Verdict; path: string }) {
  if (verdict.notes.length === 0) return null;
  const unseen = unseenKinds.reduce((sum, kind) => sum + (verdict.counts[kind] ?? 0), 0);
  return (
    <CardSection title="Apart from that" className="mt-5">
      <div className="px-4 pb-4 sm:px-5">
        {unseen > 0 && (
          <p className="num font-medium">
            {formatPlural(unseen, "key")} that the application cannot see through the proxy
          </p>
        )}
        <ul className="mt-1 list-disc space-y-1 pl-5 text-ink-2">
          {verdict.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      </div>
      <CountTable caption="Said apart, by kind and shard" verdict={verdict} path={path} differs={false} />
    </CardSection>
  );
}
