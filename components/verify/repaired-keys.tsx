import { formatBytes } from "@/components/format/bytes";
import { cx } from "@/components/format/cx";
import { Moment } from "@/components/live/moment";
import type { Outputs } from "@/components/live/trpc";
import { type Tone, toneText } from "@/components/status/status-words";
import type { SideFacts } from "@/server/verify/difference";
import { kindWords } from "./finding-kinds";

type Side = Pick<SideFacts, "type" | "bytes" | "expireAt" | "digest">;
type Repaired = Omit<Outputs["verify"]["repairedKeys"][number], "before" | "after"> & {
  readonly before: Side | null;
  readonly after: Side | null;
};

/** How each outcome of a key is called. */
const outcomes: Record<NonNullable<Repaired["outcome"]>, { readonly word: string; readonly tone: Tone }> = {
  copied: { word: "copied again", tone: "good" },
  deleted: { word: "deleted", tone: "good" },
  equal: { word: "right by itself", tone: "good" },
  differs: { word: "still differs", tone: "bad" },
  busy: { word: "kept changing", tone: "warn" },
  kept: { word: "kept: it may not be this task's", tone: "warn" },
  "left-out": { word: "left out for its size", tone: "warn" },
  noted: { word: "waits to be copied", tone: "busy" },
  untold: { word: "could not be checked", tone: "warn" },
};

const cell = "px-3 py-2 first:pl-4 last:pr-4 sm:first:pl-5 sm:last:pr-5";

type RepairedKeysProps = { shardNames: readonly string[]; keys: readonly Repaired[] };

/** What the destination held of each key before and after a repair, by type, expiry and digest. */
export function RepairedKeys({ shardNames, keys }: RepairedKeysProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways can be reached by keyboard
    <section className="overflow-x-auto border-t" aria-label="Keys of this repair" tabIndex={0}>
      <table className="num w-full min-w-[46rem] text-left text-[0.8125rem]">
        <caption className="sr-only">Keys of this repair</caption>
        <thead className="border-b text-xs text-ink-3">
          <tr>
            {["Key", "Result", "Was", "Before, on the destination", "After"].map((head) => (
              <th key={head} scope="col" className={cx(cell, "font-medium")}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y">
          {keys.map(({ place, key, kind, shard, db, before, after, outcome, at }) => (
            <tr key={place} className="align-top">
              <th scope="row" className={cx(cell, "font-normal")}>
                <span className="font-mono break-all">{key.text === "" ? "(the empty name)" : key.text}</span>
                <span className="block text-xs text-ink-3">
                  db {db}, {shard === null ? "on no shard" : (shardNames[shard] ?? "a former shard")}
                </span>
              </th>
              <td
                className={cx(
                  cell,
                  "font-medium",
                  toneText[outcome === null ? "idle" : outcomes[outcome].tone],
                )}
              >
                {outcome === null ? "not begun" : outcomes[outcome].word}
                {at !== null && (
                  <span className="block text-xs font-normal text-ink-3">
                    <Moment at={at} />
                  </span>
                )}
              </td>
              <td className={cell}>{kindWords[kind].word}</td>
              <td className={cell}>
                {outcome === null ? (
                  <span className="text-ink-3">not read yet</span>
                ) : (
                  <SideText side={before} />
                )}
              </td>
              <td className={cell}>
                {outcome === null || outcome === "noted" ? (
                  <span className="text-ink-3">not read yet</span>
                ) : (
                  <SideText side={after} />
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function SideText({ side }: { side: Side | null }) {
  if (side === null) return "absent";
  const { type, bytes, expireAt, digest } = side;
  return (
    <>
      {type}
      {bytes > 0 && `, ${formatBytes(bytes)}`}
      {expireAt >= 0 && (
        <span className="block text-xs text-ink-3">
          expires {expireAt > 8.64e15 ? `at ${expireAt} ms` : <Moment at={expireAt} />}
        </span>
      )}
      <span className="block font-mono text-xs break-all text-ink-3">{digest ?? "no digest: too large"}</span>
    </>
  );
}
