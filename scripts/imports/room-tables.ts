import { permissions } from "./import-violations.ts";
import type { Floor } from "./rooms.ts";

/** The rows of a floor in Markdown: its folders, what they hold, what they may import. */
export function roomTable(floor: Floor): string {
  const rows = Object.entries(floor.rooms).map(([name, { holds, mayImport }], at) => {
    const all = at > 3 && permissions(floor, name).length === at;
    const listed = mayImport.map((one) => one.replace("server/", "")).join(", ") || "nothing";
    return `| \`${name}\` | ${holds} | ${all ? "all above" : listed} |`;
  });
  return ["| folder | holds | may import |", "|---|---|---|", ...rows].join("\n");
}

/**
 * Puts the tables where a document has a place for them: between `<!-- rooms of server/sync -->` and
 * `<!-- end of rooms -->`; the project's own is that of `<!-- rooms -->`.
 * @throws Error where a place names no floor, or has no end.
 */
export function withRoomTables(document: string, floors: readonly Floor[]): string {
  return document.replace(
    /(<!-- rooms(?: of (\S+))? -->\n)([\s\S]*?)(<!-- (end of )?rooms)/g,
    (_, begin: string, folder: string | undefined, _old, end: string, ends: string | undefined) => {
      const floor = floors.find((one) => one.folder === (folder ?? ""));
      if (floor === undefined) throw new Error(`there are no rooms of ${folder}`);
      if (ends === undefined) throw new Error(`the rooms of ${folder ?? "the project"} have no end`);
      return `${begin}\n${roomTable(floor)}\n\n${end}`;
    },
  );
}
