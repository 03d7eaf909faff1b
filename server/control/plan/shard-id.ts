/** An id of [A-Za-z0-9_.-]{1,64} made of a shard's name, unlike those that are taken; it is taken then. */
export function uniqueId(name: string, taken: Map<string, number>): string {
  const safe = name.replace(/[^A-Za-z0-9_.-]+/g, "-").slice(0, 56) || "shard";
  // A page's address may not end in a segment of dots alone.
  const base = /^\.+$/.test(safe) ? `shard${safe}` : safe;
  let id = base;
  // Counted on by name: a thousand names that are not ASCII have one base.
  let count = taken.get(base) ?? 1;
  while (taken.has(id)) id = `${base}-${++count}`;
  taken.set(base, count);
  if (id !== base) taken.set(id, 1);
  return id;
}
