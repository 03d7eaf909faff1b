type Pair = { readonly source: number; readonly destination: number };

/** A pair that repeats a database of a former one; `first` is the index of that one. */
type RepeatedDatabase = {
  readonly index: number;
  readonly field: "source" | "destination";
  readonly first: number;
};

/**
 * Each pair that repeats a database, in their order: a source database that is listed twice has two places to go, and
 * of two that go to one database equal keys would overwrite each other.
 */
export function repeatedDatabases(pairs: readonly Pair[]): RepeatedDatabase[] {
  const firstWith = (field: "source" | "destination", index: number) =>
    pairs.findIndex((pair) => pair[field] === pairs[index]?.[field]);
  return pairs.flatMap((_, index) => {
    const field = (["source", "destination"] as const).find((one) => firstWith(one, index) < index);
    return field === undefined ? [] : [{ index, field, first: firstWith(field, index) }];
  });
}
