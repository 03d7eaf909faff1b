"use client";

import { formatMoment } from "@/components/format/duration";
import { useHydrated } from "@/components/live/now";
import type { AuditEntry } from "@/server/people/audit-log";

/** One entry of the audit; what was asked for and what it changed unfolds. */
export function AuditRow({ entry }: { entry: AuditEntry }) {
  const hydrated = useHydrated();
  const facts = [
    ["Asked for", entry.input],
    ["Before", entry.before],
    ["After", entry.after],
  ] as const;
  const shown = facts.filter(([, value]) => value !== null && value !== undefined);
  return (
    <li data-action={entry.action} className="px-4 py-2.5 text-sm sm:px-5">
      <div className="flex flex-wrap items-baseline gap-x-3 gap-y-0.5">
        <time
          dateTime={new Date(entry.at).toISOString()}
          className="num w-44 shrink-0 text-xs text-ink-3 max-sm:order-last"
        >
          {formatMoment(entry.at, hydrated ? undefined : "UTC")}
        </time>
        <span className="min-w-0 flex-1 basis-64 break-words">
          <span className="font-medium">{entry.actorName}</span>{" "}
          <code className="font-mono text-[0.8125rem] text-ink-2">{entry.action}</code>
          {entry.subject !== null && <> {entry.subject}</>}
          {entry.reason !== null && <span className="text-ink-2">: “{entry.reason}”</span>}
        </span>
        <span className="num text-xs text-ink-3">{entry.from ?? ""}</span>
        <Outcome outcome={entry.outcome} />
      </div>
      {shown.length > 0 && (
        <details className="mt-1 sm:ml-47">
          <summary className="w-fit cursor-pointer text-xs text-ink-3 hover:text-ink">Details</summary>
          <dl className="mt-1.5 space-y-1.5">
            {shown.map(([label, value]) => (
              <div key={label}>
                <dt className="text-xs text-ink-3">{label}</dt>
                <dd className="font-mono text-xs break-all text-ink-2">{JSON.stringify(value)}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
    </li>
  );
}

function Outcome({ outcome }: { outcome: string }) {
  if (outcome === "done") return <span className="text-xs text-good">✓ done</span>;
  if (outcome === "begun")
    return (
      <span className="text-xs text-warn" title="Its end was not seen, as after a crash.">
        … begun
      </span>
    );
  return <span className="text-xs text-bad">✕ {outcome}</span>;
}
