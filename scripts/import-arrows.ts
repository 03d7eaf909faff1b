import { posix } from "node:path";

/**
 * Which folder may import from which: data flows one way, redis ← replica, rdb, twemproxy ← sync ← control ← api.
 * A value like `sync (types)` permits `import type` only. Each folder may import from itself.
 */
const arrows: Readonly<Record<string, readonly string[]>> = {
  "server/errors": [],
  "server/redis": ["server/errors"],
  "server/replica": ["server/errors", "server/redis"],
  "server/rdb": ["server/errors", "server/redis"],
  "server/twemproxy": ["server/errors", "server/redis"],
  "server/merge": ["server/errors", "server/redis", "server/twemproxy"],
  "server/sync": [
    "server/errors",
    "server/redis",
    "server/replica",
    "server/rdb",
    "server/twemproxy",
    "server/merge",
  ],
  "server/verify": [
    "server/errors",
    "server/redis",
    "server/rdb",
    "server/twemproxy",
    "server/merge",
    // What shard syncs leave on a destination (checkpoints, doubtful keys, shaded expiries) is read by their own forms.
    "server/sync",
  ],
  "server/precheck": ["server/errors", "server/redis", "server/twemproxy", "server/merge"],
  "server/control": [
    "server/errors",
    "server/redis",
    "server/replica",
    "server/rdb",
    "server/twemproxy",
    "server/merge",
    "server/sync",
    "server/verify",
    "server/precheck",
    "db",
  ],
  "server/api": ["server/errors", "server/control", "db"],
  db: ["server/errors"],
  app: ["components", "server (types)"],
  components: ["server (types)"],
};

/** The rooms of server/sync, and which others each may import from. shard-sync.ts lies beside them and wires them. */
const syncRooms: Readonly<Record<string, readonly string[]>> = {
  spec: [],
  checkpoint: [],
  report: ["spec"],
  retry: [],
  generation: ["spec", "report"],
  source: ["spec", "checkpoint", "report", "retry", "generation"],
  commands: ["spec"],
  doubtful: ["spec", "commands"],
  ledger: ["report", "commands", "doubtful"],
  destination: ["spec", "checkpoint", "report", "retry", "commands"],
  expiry: ["spec", "retry", "commands", "destination"],
  scripting: ["spec", "checkpoint", "commands", "doubtful", "ledger", "destination"],
  strays: ["spec", "checkpoint", "report", "retry", "source", "commands", "doubtful"],
  filter: ["spec", "checkpoint", "commands", "doubtful", "expiry", "scripting", "strays"],
  reconcile: ["spec", "checkpoint", "report", "retry", "source", "commands", "ledger", "destination"],
  initial: [
    "spec",
    "checkpoint",
    "commands",
    "doubtful",
    "ledger",
    "destination",
    "scripting",
    "reconcile",
    "strays",
  ],
  stream: [
    "spec",
    "checkpoint",
    "commands",
    "doubtful",
    "ledger",
    "destination",
    "expiry",
    "filter",
    "strays",
  ],
  refresh: [
    "spec",
    "checkpoint",
    "retry",
    "commands",
    "doubtful",
    "ledger",
    "destination",
    "expiry",
    "stream",
    "strays",
  ],
  status: ["spec", "checkpoint", "report", "generation", "ledger", "initial"],
  apply: [
    ...["spec", "checkpoint", "report", "retry", "generation", "source", "commands", "doubtful", "ledger"],
    ...[
      "destination",
      "expiry",
      "scripting",
      "strays",
      "filter",
      "reconcile",
      "initial",
      "stream",
      "refresh",
      "status",
    ],
  ],
};

/** Folders on top of everything: they wire the others together, try them out or measure them. */
const free = ["server", "server/cli", "test", "bench", "scripts", "."];

/**
 * The imports that go against the arrows, as `file:line imports target: reason`, sorted.
 * @param files path from the root, with slashes → source text.
 */
export function importViolations(files: ReadonlyMap<string, string>): string[] {
  const violations: string[] = [];
  for (const [file, text] of files) {
    const from = folderOf(file);
    if (free.includes(from)) continue;
    const allowed = arrows[from];
    if (allowed === undefined) {
      violations.push(`${file}: ${from} is not in the table of scripts/import-arrows.ts`);
      continue;
    }
    for (const { specifier, typeOnly, line } of importsOf(text)) {
      const target = resolve(file, specifier);
      if (target === null) continue;
      const to = folderOf(target);
      const [room, other] = [syncRoomOf(file), syncRoomOf(target)];
      if (room !== null && other !== null && room !== other && !syncRooms[room]?.includes(other)) {
        const may = syncRooms[room]?.join(", ") || "no other room of server/sync";
        violations.push(`${file}:${line} imports ${target}: ${room} may import ${may}`);
        continue;
      }
      if (to === from || permits(allowed, to, typeOnly)) continue;
      const typesWould = !typeOnly && permits(allowed, to, true);
      const reason = typesWould
        ? `only types (import type) of ${to}`
        : allowed.join(", ") || "nothing of ours";
      violations.push(`${file}:${line} imports ${target}: ${from} may import ${reason}`);
    }
  }
  return violations.sort();
}

function permits(allowed: readonly string[], to: string, typeOnly: boolean): boolean {
  return allowed.some((entry) => {
    const folder = entry.replace(" (types)", "");
    const inside = to === folder || to.startsWith(`${folder}/`);
    // `server` as a whole is a permission for its folders; `server/sync` one for itself.
    return inside && (folder === entry || typeOnly);
  });
}

type Import = { readonly specifier: string; readonly typeOnly: boolean; readonly line: number };

/** Static and dynamic imports, re-exports, and files named through `new URL("…", import.meta.url)`. */
export function importsOf(text: string): Import[] {
  const found: Import[] = [];
  const code = withoutComments(text);
  const add = (match: RegExpMatchArray, specifier: string, typeOnly: boolean) =>
    found.push({ specifier, typeOnly, line: code.slice(0, match.index).split("\n").length });
  // The clause between `import` and `from` may span lines but holds no quote and no semicolon.
  for (const match of code.matchAll(
    /\b(?:import|export)\s+((?:[^"';]*?\s+|[^"';]*?\})from\s*)?["']([^"']+)["']/g,
  )) {
    add(match, match[2]!, isTypeOnly(match[1] ?? ""));
  }
  for (const match of code.matchAll(/\b(?:import|require)\s*\(\s*["']([^"']+)["']/g)) {
    // `typeof import("…")` is a type.
    add(match, match[1]!, /\btypeof\s*$/.test(code.slice(0, match.index)));
  }
  for (const match of code.matchAll(/\bnew\s+URL\s*\(\s*["'](\.[^"']+)["']\s*,\s*import\.meta\.url/g)) {
    add(match, match[1]!, false);
  }
  return found;
}

function isTypeOnly(clause: string): boolean {
  if (/^type\s+[^,]/.test(clause) && !/^type\s*,/.test(clause)) return true;
  const names = /^\{([^}]*)\}\s*from/.exec(clause)?.[1];
  if (names === undefined) return false;
  const listed = names
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  return listed.length > 0 && listed.every((name) => name.startsWith("type "));
}

/** Blanks comments, keeping the lines; strings and templates are stepped over. */
function withoutComments(text: string): string {
  return text.replace(
    /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    (part) => (part.startsWith("/") ? part.replace(/[^\n]/g, " ") : part),
  );
}

/** A path from the root; null for a package. */
function resolve(file: string, specifier: string): string | null {
  if (specifier.startsWith("@/")) return posix.normalize(specifier.slice(2));
  if (specifier.startsWith(".")) return posix.join(posix.dirname(file), specifier);
  return null;
}

function syncRoomOf(path: string): string | null {
  return /^server\/sync\/([^/]+)\//.exec(path)?.[1] ?? null;
}

function folderOf(path: string): string {
  const [first = "", second, third] = path.split("/");
  if (second === undefined) return ".";
  return first === "server" ? (third === undefined ? "server" : `server/${second}`) : first;
}
