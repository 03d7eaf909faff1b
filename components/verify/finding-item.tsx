import Link from "next/link";
import type { ReactNode } from "react";
import { formatBytes } from "@/components/format/bytes";
import { formatCount } from "@/components/format/count";
import { cx } from "@/components/format/cx";
import { Moment } from "@/components/live/moment";
import { type Finding, kindWords } from "./finding-kinds";

type FindingItemProps = {
  one: Finding;
  /** The address of this finding alone; null on that page itself. */
  href: string | null;
  /** A checkbox before it. */
  choice?: ReactNode;
};

const value = "rounded-md bg-sunken px-2 py-1 font-mono text-[0.6875rem] break-all text-ink-2";

/** One finding: the key, what is so of it, and what each side has. */
export function FindingItem({ one, href, choice }: FindingItemProps) {
  const { word, meaning } = kindWords[one.kind];
  return (
    <div className="flex gap-3 px-4 py-3.5 sm:px-5" data-finding={one.number}>
      {choice}
      <div
        className={cx(
          "grid min-w-0 flex-1 gap-x-5 gap-y-1.5",
          href !== null && "lg:grid-cols-[10rem_minmax(0,1fr)]",
        )}
      >
        {href !== null && (
          <div>
            <p className="font-medium" title={meaning}>
              {word}
            </p>
            <Link href={href} className="num text-xs text-ink-3 hover:text-river hover:underline">
              No. {formatCount(one.number)}
            </Link>
          </div>
        )}
        <div className="min-w-0">
          <p className="font-mono text-[0.8125rem] break-all">
            {one.key.text === "" ? <span className="text-ink-3">(the empty name)</span> : one.key.text}
          </p>
          <p className="num text-xs text-ink-3">
            db {one.db}
            {one.sourceDb !== one.db && ` (${one.sourceDb} on the shard)`}, {one.shard?.name ?? "on no shard"}
            {!one.key.whole && `, a name of ${formatBytes(one.key.bytes)}`}
          </p>
          <Sides one={one} />
        </div>
      </div>
    </div>
  );
}

/** Both sides next to each other: what the key is there, and its value as far as that is shown. */
function Sides({ one }: { one: Finding }) {
  const sides = [
    { label: one.shard?.name ?? "Shard", side: one.source },
    { label: "Destination", side: one.destination },
  ];
  const known = one.source !== null || one.destination !== null;
  if (!known) return null;
  return (
    <div className="mt-1.5">
      <dl className="grid grid-cols-1 gap-x-4 gap-y-1.5 sm:grid-cols-2">
        {sides.map(({ label, side }, index) => (
          <div key={index === 0 ? "shard" : "destination"} className="num min-w-0 text-xs break-words">
            <dt className="inline text-ink-3">{label}: </dt>
            <dd className="inline">
              {side === null ? (
                <span className="font-medium">absent</span>
              ) : (
                <>
                  {side.type}
                  {side.bytes > 0 && `, ${formatBytes(side.bytes)}`}
                  {side.expireAt >= 0 && <Expiry at={side.expireAt} />}
                  {side.beginning.map((part) => (
                    <span key={`${part.part} ${part.name}`} className={cx("mt-1 block", value)}>
                      {part.part !== "string" && (
                        <span className="text-ink-3">{`${part.part} ${part.name}`} </span>
                      )}
                      {part.value === "" ? (part.part === "string" ? "(empty)" : "") : part.value}
                    </span>
                  ))}
                </>
              )}
            </dd>
          </div>
        ))}
      </dl>
      {one.parts.length > 0 && (
        <ul aria-label="Parts that differ" className="mt-2 space-y-2">
          {one.parts.map(({ part, name, source, destination }) => (
            <li key={`${part} ${name}`} className="text-xs">
              <p className="break-all text-ink-3">
                {part === "string" ? `from byte ${name} on` : `${part} ${name}`}
              </p>
              <div className="mt-0.5 grid grid-cols-1 gap-x-4 gap-y-1 sm:grid-cols-2">
                <p className={value}>
                  <span className="sr-only">{sides[0]?.label}: </span>
                  <PartValue text={source} />
                </p>
                <p className={value}>
                  <span className="sr-only">Destination: </span>
                  <PartValue text={destination} />
                </p>
              </div>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function PartValue({ text }: { text: string | null }) {
  if (text === null) return <span className="font-sans text-ink-3">absent</span>;
  if (text === "") return <span className="font-sans text-ink-3">there, without a value</span>;
  return <span>{text}</span>;
}

/** Past the year 275,760 there are no dates in JavaScript. */
function Expiry({ at }: { at: number }) {
  if (at > 8.64e15) return <>, expires at {formatCount(at)} ms</>;
  return (
    <>
      , expires <Moment at={at} />
    </>
  );
}
