import { cyclesOf, type Edge, type ImportGraph, pathBetween } from "./import-graph.ts";
import type { Floor, NeverReached } from "./rooms.ts";

/** What is held to no arrow: it wires the others together, tries them out or measures them. */
const FREE = /^(test|bench|scripts)\/|^server\/[^/]+$/;

/**
 * All that goes against the table of rooms, as sentences that begin with the file, sorted: imports that no arrow
 * permits, folders without a room and rooms without a folder, files beside the rooms, what is reached through others,
 * and circles, of types too.
 */
export function importViolations(
  graph: ImportGraph,
  floors: readonly Floor[],
  neverReached: readonly NeverReached[] = [],
): string[] {
  return [
    ...floors.flatMap((floor) => [...tableViolations(floor), ...placeViolations(graph, floor)]),
    ...[...graph.values()].flat().flatMap((edge) => arrowViolation(edge, floors)),
    ...neverReached.flatMap((rule) => reachViolations(graph, rule)),
    ...cyclesOf(graph).map((cycle) => `${cycle[0]}: a circle of imports: ${cycle.join(" → ")}`),
  ].sort();
}

/** A room may import from rooms above it only: so the table itself has no circle. */
function tableViolations({ folder, rooms, common = [] }: Floor): string[] {
  const names = Object.keys(rooms);
  return names.flatMap((name, at) => {
    const below = (other: string) => !names.slice(0, at).includes(other);
    return permissions({ folder, rooms, common }, name)
      .filter((other) => !isTypes(other) && below(other))
      .map((other) => `${pathOf(folder, name)}: its arrow to ${other} does not lead to a room above it`);
  });
}

function placeViolations(graph: ImportGraph, floor: Floor): string[] {
  const { folder, wiring, rooms } = floor;
  const files = [...graph.keys()];
  const empty = Object.keys(rooms)
    .filter((room) => !files.some((file) => file.startsWith(`${pathOf(folder, room)}/`)))
    .map(
      (room) =>
        `${pathOf(folder, room)}: there is no such folder, but scripts/imports/rooms.ts has a room for it`,
    );
  const misplaced = files
    .filter((file) => file.startsWith(folder === "" ? "" : `${folder}/`))
    .filter(
      (file) => roomOf(file, floor) === null && file !== pathOf(folder, wiring ?? "") && !FREE.test(file),
    )
    .map((file) => `${file}: lies in no room of scripts/imports/rooms.ts`);
  return [...empty, ...misplaced];
}

function arrowViolation({ from, to, typeOnly, line }: Edge, floors: readonly Floor[]): string[] {
  if (FREE.test(from)) return [];
  return floors.flatMap((floor) => {
    const room = roomOf(from, floor);
    if (room === null) return [];
    const inside = to.startsWith(floor.folder === "" ? "" : `${floor.folder}/`);
    if (!inside || roomOf(to, floor) === room) return [];
    const allowed = permissions(floor, room);
    const target = floor.folder === "" ? to : to.slice(floor.folder.length + 1);
    const permits = (entry: string) =>
      isTypes(entry)
        ? typeOnly && target.startsWith(`${entry.replace(" (types)", "")}/`)
        : target.startsWith(`${entry}/`);
    if (allowed.some(permits)) return [];
    const may = allowed.join(", ") || "no other room";
    return [`${from}:${line} imports ${typeOnly ? "types of " : ""}${to}: ${room} may import ${may}`];
  });
}

function reachViolations(graph: ImportGraph, rule: NeverReached): string[] {
  const begins = [...graph.keys()].filter((file) => file.startsWith(rule.from));
  if (begins.length === 0)
    return [`${rule.from}: there is no such file, but scripts/imports/rooms.ts names it`];
  const isForbidden = (file: string) =>
    file.startsWith(rule.to) && !rule.except?.some((allowed) => file.startsWith(allowed));
  for (const file of begins) {
    const path = pathBetween(graph, file, isForbidden, { valuesOnly: true });
    if (path !== null) return [`${file}: reaches ${rule.to} (${rule.why}): ${path.join(" → ")}`];
  }
  return [];
}

/** What a room may import, the common rooms above it included. */
export function permissions({ rooms, common = [] }: Floor, room: string): readonly string[] {
  const names = Object.keys(rooms);
  const above = common.filter((one) => names.indexOf(one) < names.indexOf(room));
  return [...above, ...(rooms[room]?.mayImport ?? [])];
}

function roomOf(file: string, { folder, rooms }: Floor): string | null {
  return Object.keys(rooms).find((room) => file.startsWith(`${pathOf(folder, room)}/`)) ?? null;
}

function isTypes(entry: string): boolean {
  return entry.endsWith(" (types)");
}

function pathOf(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}
