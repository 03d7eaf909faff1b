import { CardSection } from "@/components/controls/card";
import { capitalized } from "@/components/format/capitalized";
import { Ago } from "@/components/live/ago";
import type { Cutover } from "./use-cutover-orders";

/** What has happened in the cutover, newest first, and by whom. */
export function CutoverNotes({ cutover }: { cutover: NonNullable<Cutover["cutover"]> }) {
  return (
    <CardSection title="Log" className="mt-5">
      <ol className="space-y-1.5 px-4 pb-5 text-[0.8125rem] sm:px-5">
        {[...cutover.notes].reverse().map(({ at, what, who }) => (
          <li key={`${at} ${what}`} className="flex gap-3">
            <p className="min-w-0 flex-1 break-words text-ink-2">
              {capitalized(what)}
              {who !== null && (
                <span className="text-ink-3">
                  , {who.by}
                  {who.from !== null && ` (${who.from})`}
                </span>
              )}
            </p>
            <Ago at={at} className="num shrink-0 text-xs leading-5 text-ink-3" />
          </li>
        ))}
      </ol>
    </CardSection>
  );
}
