/** An id of [A-Za-z0-9_.-]{1,64} made of a shard's name, unlike those that are taken; it is taken then. */
export function uniqueId(name: string, taken: Set<string>): string {
  const safe = name.replace(/[^A-Za-z0-9_.-]+/g, "-").slice(0, 56) || "shard";
  // A page's address may not end in a segment of dots alone.
  const base = /^\.+$/.test(safe) ? `shard${safe}` : safe;
  let id = base;
  for (let count = 2; taken.has(id); count++) id = `${base}-${count}`;
  taken.add(id);
  return id;
}
