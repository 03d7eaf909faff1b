import { apartKinds, type Difference, differenceKinds, isDifference } from "../../verify/difference.ts";
import { printable, printedBytes } from "../../verify/printable.ts";
import type { FindingFilter, FindingStore, StoredFinding } from "./finding-store.ts";
import type { KeptVerification } from "./verification-store.ts";

/** Findings of one page. */
export const FINDINGS_PER_PAGE = 50;
/** Bytes of a key that a list shows, and that the page of one finding does. */
const SHOWN_KEY = 200;
export const WHOLE_KEY = 64 * 1024;

/** Bytes of a key by which it can be chosen for a repair. */
const CHOSEN_KEY = 6 * 1024;

export const findingKinds = [...differenceKinds, ...apartKinds] as const;

/** What of a run is asked for; null is any. */
export type FindingsQuery = {
  readonly differs: boolean | null;
  readonly kind: Difference["kind"] | null;
  /** A shard's id; `none` for keys that no shard holds. */
  readonly shardId: string | null;
  readonly db: number | null;
  /** A part of the key; `\xNN` in it stands for any byte. */
  readonly text: string | null;
  /** From 1. */
  readonly page: number;
};

/** One part of a value, as text. */
export type PartView = {
  readonly part: string;
  readonly name: string;
  /** null where that side does not have it. */
  readonly source: string | null;
  readonly destination: string | null;
};

export type SideView = {
  readonly type: string;
  readonly bytes: number;
  /** ms since the epoch; -1 without. */
  readonly expireAt: number;
  /** How its value begins. */
  readonly beginning: readonly { readonly part: string; readonly name: string; readonly value: string }[];
};

/** One finding for the eyes: any bytes as text, with `\xNN` for what cannot be printed. */
export type FindingView = {
  readonly number: number;
  readonly kind: Difference["kind"];
  readonly differs: boolean;
  /** null where no shard holds the key, or none is known to own it. */
  readonly shard: { readonly id: string; readonly name: string } | null;
  readonly db: number;
  readonly sourceDb: number;
  readonly key: {
    readonly text: string;
    readonly bytes: number;
    readonly whole: boolean;
    /** What a repair of this key is asked by; null of a name that is too long for that. */
    readonly base64: string | null;
  };
  readonly source: SideView | null;
  readonly destination: SideView | null;
  readonly parts: readonly PartView[];
};

type Run = Pick<KeptVerification, "id" | "verdict">;

export function findingPage(store: FindingStore, run: Run, query: FindingsQuery) {
  const filter = filterOf(query, run);
  const total = store.count(run.id, filter);
  const pages = Math.max(1, Math.ceil(total / FINDINGS_PER_PAGE));
  const page = Math.min(Math.max(1, query.page), pages);
  const found = store.page(run.id, filter, (page - 1) * FINDINGS_PER_PAGE, FINDINGS_PER_PAGE);
  return {
    total,
    page,
    pages,
    perPage: FINDINGS_PER_PAGE,
    findings: found.map((finding) => findingView(finding, run)),
  };
}

/** @param most bytes of the key that are shown. */
export function findingView(finding: StoredFinding, run: Run, most = SHOWN_KEY): FindingView {
  const { number, kind, db, sourceDb, key, source, destination, elements } = finding;
  const shard = finding.shard === null ? null : (run.verdict?.shards[finding.shard] ?? null);
  return {
    number,
    kind,
    differs: isDifference(kind),
    shard: shard === null ? null : { id: shard.shardId, name: shard.shardName },
    db,
    sourceDb,
    key: {
      text: printable(key, most),
      bytes: key.length,
      whole: key.length <= most,
      base64: key.length <= CHOSEN_KEY ? key.toString("base64") : null,
    },
    source: sideView(source),
    destination: sideView(destination),
    parts: elements.map((element) => ({
      part: element.part,
      name: element.name.text,
      source: element.source?.text ?? null,
      destination: element.destination?.text ?? null,
    })),
  };
}

export function filterOf({ differs, kind, shardId, db, text }: FindingsQuery, run: Run): FindingFilter {
  const index = run.verdict?.shards.findIndex((shard) => shard.shardId === shardId) ?? -1;
  return {
    differs,
    kind,
    // A shard that the run did not know has nothing in it.
    shard: shardId === null ? null : shardId === "none" ? "none" : index,
    db,
    text: text === null || text === "" ? null : printedBytes(text),
  };
}

function sideView(side: StoredFinding["source"]): SideView | null {
  if (side === null) return null;
  const { type, bytes, expireAt, beginning = [] } = side;
  return {
    ...{ type, bytes, expireAt },
    beginning: beginning.map(({ part, name, value }) => ({ part, name: name.text, value: value.text })),
  };
}
