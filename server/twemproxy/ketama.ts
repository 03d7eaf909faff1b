import { hash } from "node:crypto";

/** What a continuum needs of a server. */
export type WeightedServer = { readonly name: string; readonly weight: number };

/** Says which server a hash belongs to, by its label. */
export type Dispatch = (hash: number) => number;

/** 40 MD5 sums for a server of average weight, each of which gives 4 points. */
const sumsPerServer = 40;
/** Longest text that is summed; Twemproxy cuts what is longer. */
const maxHostLength = 272;

/**
 * The ketama continuum as Twemproxy builds it (twemproxy: hashkit/nc_ketama.c), of all servers being alive.
 * How many points a server gets is computed in float32, since a float64 would round some of them differently.
 * @param servers sorted as the ring sorts them. @param labels what stands for each of them in the answer.
 */
export function ketama(servers: readonly WeightedServer[], labels: readonly number[]): Dispatch {
  const total = servers.reduce((sum, server) => sum + server.weight, 0);
  const points: { value: number; server: number }[] = [];
  servers.forEach((server, index) => {
    const sums = sumsOf(server.weight, total, servers.length);
    for (let sum = 0; sum < sums; sum++) {
      for (let part = 0; part < 4; part++) {
        points.push({ value: ketamaPoint(`${server.name}-${sum}`, part), server: labels[index]! });
      }
    }
  });
  // Equal points keep the servers' order, as glibc's qsort does.
  points.sort((a, b) => a.value - b.value);
  const values = Uint32Array.from(points, (point) => point.value);
  const owners = Int32Array.from(points, (point) => point.server);
  const ownerOf = (keyHash: number): number => {
    let left = 0;
    let right = values.length;
    while (left < right) {
      const middle = (left + right) >>> 1;
      if (values[middle]! < keyHash) left = middle + 1;
      else right = middle;
    }
    return owners[left === values.length ? 0 : left]!;
  };
  return withTable(values, ownerOf);
}

/** Most stretches of equal high bits have no point within and so one owner: those need no search. */
function withTable(values: Uint32Array, ownerOf: Dispatch): Dispatch {
  const bits = Math.min(16, Math.ceil(Math.log2(Math.max(1, values.length))) + 5);
  const shift = 32 - bits;
  const table = new Int32Array(2 ** bits).fill(-1);
  let next = 0;
  for (let stretch = 0; stretch < table.length; stretch++) {
    const last = (stretch + 1) * 2 ** shift - 1;
    // A point at the last hash of the stretch owns all of it.
    if (next >= values.length || values[next]! >= last) table[stretch] = ownerOf(last);
    while (next < values.length && values[next]! <= last) next++;
  }
  return (keyHash) => {
    const owner = table[keyHash >>> shift]!;
    return owner >= 0 ? owner : ownerOf(keyHash);
  };
}

/** One of the four points of the MD5 sum of `text`; `part` is 0 to 3. */
export function ketamaPoint(text: string, part: number): number {
  const bytes = Buffer.from(text).subarray(0, maxHostLength);
  return hash("md5", bytes, "buffer").readUInt32LE(part * 4);
}

function sumsOf(weight: number, total: number, servers: number): number {
  const { fround } = Math;
  const share = fround(fround(weight) / fround(total));
  const scaled = fround(fround(fround(share * (sumsPerServer * 4)) / 4) * servers);
  return Math.floor(fround(scaled + 1e-10));
}
