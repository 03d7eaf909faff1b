import { type NewExpression, parseSync, Visitor } from "oxc-parser";

/** One import of a file: `typeOnly` where nothing of it is left at run time. */
export type Import = { readonly specifier: string; readonly typeOnly: boolean; readonly line: number };

/**
 * Static and dynamic imports, re-exports, `typeof import("…")`, and files named through `new URL("…", import.meta.url)`,
 * as which worker threads are started.
 * @param file its ending says whether it may hold types and JSX.
 * @throws Error where the text cannot be parsed.
 */
export function importsOf(file: string, text: string): Import[] {
  const { module, program, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
  const found: Import[] = [];
  const add = (specifier: string, typeOnly: boolean, start: number) =>
    found.push({ specifier, typeOnly, line: text.slice(0, start).split("\n").length });

  for (const { moduleRequest, entries, start } of module.staticImports) {
    add(moduleRequest.value, entries.length > 0 && entries.every(({ isType }) => isType), start);
  }
  for (const { entries, start } of module.staticExports) {
    const from = entries.find(({ moduleRequest }) => moduleRequest !== null)?.moduleRequest;
    if (from)
      add(
        from.value,
        entries.every(({ isType }) => isType),
        start,
      );
  }
  if (!/\bimport\s*\(|\bnew\s+URL\b/.test(text)) return found;
  new Visitor({
    ImportExpression: ({ source, start }) => {
      if (source.type === "Literal" && typeof source.value === "string") add(source.value, false, start);
    },
    TSImportType: ({ source, start }) => add(source.value, true, start),
    NewExpression: (node) => {
      for (const specifier of filesOfUrl(node)) add(specifier, false, node.start);
    },
  }).visit(program);
  return found;
}

/** What `new URL("…", import.meta.url)` names, or both names of `new URL(compiled ? "…" : "…", import.meta.url)`. */
function filesOfUrl({ callee, arguments: [path, base] }: NewExpression): string[] {
  if (callee.type !== "Identifier" || callee.name !== "URL" || base?.type !== "MemberExpression") return [];
  if (base.object.type !== "MetaProperty" || path === undefined) return [];
  const paths = path.type === "ConditionalExpression" ? [path.consequent, path.alternate] : [path];
  return paths.flatMap((one) => (one.type === "Literal" && typeof one.value === "string" ? [one.value] : []));
}
