import { allKinds, type FindingKind, kindWords } from "./finding-kinds";

/** Which findings of a run a page shows: all of it stands in the page's address. */
export type FindingFilter = {
  /** What differs, or what is said apart. */
  readonly list: "differences" | "apart";
  readonly kind: FindingKind | null;
  /** A shard's id; `none` for keys that no shard holds. */
  readonly shard: string | null;
  readonly db: number | null;
  readonly text: string;
  /** From 1. */
  readonly page: number;
};

export const noFilter: FindingFilter = {
  list: "differences",
  kind: null,
  shard: null,
  db: null,
  text: "",
  page: 1,
};

export type SearchParams = Readonly<Record<string, string | string[] | undefined>>;

/** What an address asks for; what makes no sense in it is left out. */
export function readFilter(params: SearchParams): FindingFilter {
  const one = (name: string) => {
    const value = params[name];
    return (Array.isArray(value) ? value[0] : value) ?? "";
  };
  const number = (name: string, least: number) => {
    const value = one(name);
    return /^\d{1,6}$/.test(value) && Number(value) >= least ? Number(value) : null;
  };
  const kind = allKinds.find((each) => each === one("kind")) ?? null;
  const apart = kind === null ? one("list") === "apart" : !kindWords[kind].differs;
  return {
    list: apart ? "apart" : "differences",
    kind,
    shard: one("shard").slice(0, 64) || null,
    db: number("db", 0),
    text: one("q").slice(0, 1024),
    page: number("page", 1) ?? 1,
  };
}

/** The query of an address, with its question mark; empty where nothing is asked for. A change begins at page 1. */
export function filterQuery(filter: FindingFilter, change: Partial<FindingFilter> = {}): string {
  const { list, kind, shard, db, text, page } = { ...filter, page: 1, ...change };
  const query = new URLSearchParams();
  if (list === "apart" && kind === null) query.set("list", list);
  if (kind !== null) query.set("kind", kind);
  if (shard !== null) query.set("shard", shard);
  if (db !== null) query.set("db", String(db));
  if (text !== "") query.set("q", text);
  if (page > 1) query.set("page", String(page));
  const written = query.toString();
  return written === "" ? "" : `?${written}`;
}

/** What the API is asked for. */
export function findingsInput({ list, kind, shard, db, text, page }: FindingFilter) {
  return { differs: list === "differences", kind, shardId: shard, db, text: text || null, page };
}

/** Where the findings by this filter can be had as a file. */
export function exportHref(
  taskId: string,
  run: number,
  filter: FindingFilter,
  format: "csv" | "json",
): string {
  const { differs, kind, shardId, db, text } = findingsInput(filter);
  const query = new URLSearchParams({ differs: String(differs) });
  if (kind !== null) query.set("kind", kind);
  if (shardId !== null) query.set("shardId", shardId);
  if (db !== null) query.set("db", String(db));
  if (text !== null) query.set("text", text);
  return `/api/verifications/${taskId}/${run}.${format}?${query}`;
}
