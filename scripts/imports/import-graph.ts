import { posix } from "node:path";
import { type Import, importsOf } from "./imports-of.ts";

/** An import of another file of the project; the paths are from its root, with slashes. */
export type Edge = Omit<Import, "specifier"> & { readonly from: string; readonly to: string };

/** File → what it imports of the project's own. A file that is not there is named as it was imported. */
export type ImportGraph = ReadonlyMap<string, readonly Edge[]>;

/** @param files path → source text. */
export function importGraph(files: ReadonlyMap<string, string>): ImportGraph {
  const graph = new Map<string, Edge[]>();
  for (const [from, text] of files) {
    const edges: Edge[] = [];
    for (const { specifier, typeOnly, line } of importsOf(from, text)) {
      const to = resolve(from, specifier, files);
      if (to !== null) edges.push({ from, to, typeOnly, line });
    }
    graph.set(from, edges);
  }
  return graph;
}

/** null for a package. */
function resolve(from: string, specifier: string, files: ReadonlyMap<string, string>): string | null {
  const path = specifier.startsWith("@/")
    ? posix.normalize(specifier.slice(2))
    : /^\.\.?\//.test(specifier)
      ? posix.join(posix.dirname(from), specifier)
      : null;
  if (path === null) return null;
  // Pages leave the ending out; what is compiled names the compiled file.
  const candidates = [path, `${path}.ts`, `${path}.tsx`, path.replace(/\.js$/, ".ts")];
  return candidates.find((candidate) => files.has(candidate)) ?? path;
}

/**
 * The circles of a graph, types included, each as a shortest path that ends where it begins; one for each set of files
 * that all reach each other.
 */
export function cyclesOf(graph: ImportGraph): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  for (const file of [...graph.keys()].sort()) {
    if (done.has(file)) continue;
    const cycle = pathBetween(graph, file, (to) => to === file);
    if (cycle === null) continue;
    cycles.push(cycle);
    for (const other of reachedFrom(graph, file)) {
      if (reachedFrom(graph, other).has(file)) done.add(other);
    }
  }
  return cycles;
}

/**
 * A shortest way along the imports from a file to one that is wanted, both included; null where there is none.
 * @param valuesOnly leaves out imports of which nothing is left at run time.
 */
export function pathBetween(
  graph: ImportGraph,
  from: string,
  wanted: (file: string) => boolean,
  { valuesOnly = false } = {},
): string[] | null {
  const cameFrom = new Map<string, string>();
  const waiting = [from];
  for (const file of waiting) {
    for (const { to, typeOnly } of graph.get(file) ?? []) {
      if ((valuesOnly && typeOnly) || (to === file && to !== from)) continue;
      if (wanted(to)) return [...backTo(from, file, cameFrom), to];
      if (to === from || cameFrom.has(to)) continue;
      cameFrom.set(to, file);
      waiting.push(to);
    }
  }
  return null;
}

function backTo(from: string, file: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const path = [file];
  while (path[0] !== from) path.unshift(cameFrom.get(path[0]!)!);
  return path;
}

function reachedFrom(graph: ImportGraph, from: string): Set<string> {
  const reached = new Set<string>();
  const waiting = [from];
  for (const file of waiting) {
    for (const { to } of graph.get(file) ?? []) {
      if (reached.has(to)) continue;
      reached.add(to);
      waiting.push(to);
    }
  }
  return reached;
}
