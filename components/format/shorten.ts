/** A name of at most `length` characters, cut in its middle: names of shards mostly differ at their end. */
export function shorten(name: string, length: number): string {
  if (name.length <= length) return name;
  const tail = Math.floor((length - 1) * 0.6);
  return `${name.slice(0, length - 1 - tail)}…${name.slice(-tail)}`;
}
