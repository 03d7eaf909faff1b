import type { Dispatch, WeightedServer } from "./ketama.ts";

/**
 * The remainder of the hash over a list in which each server stands as often as it weighs
 * (twemproxy: hashkit/nc_modula.c). @param servers sorted as the ring sorts them. @param labels what stands for each of
 * them in the answer.
 */
export function modula(servers: readonly WeightedServer[], labels: readonly number[]): Dispatch {
  const ends: number[] = [];
  let total = 0;
  for (const server of servers) {
    total += server.weight;
    ends.push(total);
  }
  return (hash) => {
    const place = hash % total;
    let server = 0;
    while (ends[server]! <= place) server++;
    return labels[server]!;
  };
}
