import { hash } from "node:crypto";

/** What a continuum needs of a server. */
export type WeightedServer = { readonly name: string; readonly weight: number };

/** Says which of the sorted servers a hash belongs to. */
export type Dispatch = (hash: number) => number;

/** 40 MD5 sums for a server of average weight, each of which gives 4 points. */
const sumsPerServer = 40;
/** Longest text that is summed; Twemproxy cuts what is longer. */
const maxHostLength = 272;

/**
 * The ketama continuum as Twemproxy builds it (twemproxy: hashkit/nc_ketama.c), of all servers being alive.
 * How many points a server gets is computed in float32, since a float64 would round some of them differently.
 * @param servers sorted as the ring sorts them.
 */
export function ketama(servers: readonly WeightedServer[]): Dispatch {
  const total = servers.reduce((sum, server) => sum + server.weight, 0);
  const points: { value: number; server: number }[] = [];
  servers.forEach((server, index) => {
    const sums = sumsOf(server.weight, total, servers.length);
    for (let sum = 0; sum < sums; sum++) {
      for (let part = 0; part < 4; part++) {
        points.push({ value: ketamaPoint(`${server.name}-${sum}`, part), server: index });
      }
    }
  });
  // Equal points keep the servers' order, as glibc's qsort does.
  points.sort((a, b) => a.value - b.value);
  const values = Uint32Array.from(points, (point) => point.value);
  const owners = Uint32Array.from(points, (point) => point.server);
  return (keyHash) => {
    let left = 0;
    let right = values.length;
    while (left < right) {
      const middle = (left + right) >>> 1;
      if (values[middle]! < keyHash) left = middle + 1;
      else right = middle;
    }
    return owners[left === values.length ? 0 : left]!;
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
