import { isMap, isScalar, isSeq, type LineCounter, type Node, type Pair, type YAMLMap } from "yaml";
import type { ErrorCode } from "../errors/catalogue.ts";
import { TributaryError } from "../errors/tributary-error.ts";
import { controlCharacterIn } from "../redis/control-character.ts";
import type { NutcrackerPool } from "./nutcracker-pool.ts";
import type { Problem, ReportProblem } from "./nutcracker-problem.ts";
import { maxNutcrackerBytes } from "./nutcracker-size.ts";
import { readPool } from "./read-pool.ts";
import { linesOf, parseYaml } from "./yaml-document.ts";

export type NutcrackerConfig = {
  /** Every pool that could be read, in the order of the file, with defaults for what is missing or wrong. */
  readonly pools: readonly NutcrackerPool[];
  /** In the order of their lines. */
  readonly problems: readonly Problem[];
};

/** Of all pools together: each becomes a connection, and a row of the page. */
const mostServers = 1024;
const mostPools = 256;
/** What is no nutcracker.yml at all may break at every byte: more than these help nobody. */
const mostProblems = 100;

/**
 * Reads nutcracker.yml as Twemproxy 0.5 does (twemproxy: nc_conf.c), except that a directive that it would
 * refuse as unknown is a warning here: forks have directives of their own. It throws on no input.
 */
export function parseNutcrackerConfig(text: string): NutcrackerConfig {
  const problems: Problem[] = [];
  const lines = linesOf(text);
  const reportIn =
    (pool: string | null): ReportProblem =>
    (severity, node, message, remedy) => {
      const start = node?.range?.[0];
      const place = start === undefined ? null : lines.linePos(start);
      const at = { line: place?.line ?? null, column: place?.col ?? null };
      problems.push({ severity, ...at, message, remedy, pool, ...syntaxCode(severity) });
    };
  const report = reportIn(null);
  const done = (pools: NutcrackerPool[]): NutcrackerConfig => ({
    pools,
    problems: firstOf(problems).sort((a, b) => (a.line ?? 0) - (b.line ?? 0)),
  });

  if (text.length > maxNutcrackerBytes || Buffer.byteLength(text) > maxNutcrackerBytes) {
    return unreadable("The file is larger than 64 KiB");
  }
  const document = parseYaml(text);
  if ("tooDeepAt" in document) {
    const { line, col } = lines.linePos(document.tooDeepAt);
    const message = "The file is nested too deeply";
    const remedy = "Give the nutcracker.yml itself.";
    problems.push({
      severity: "error",
      line,
      column: col,
      message,
      remedy,
      pool: null,
      ...syntaxCode("error"),
    });
    return done([]);
  }
  for (const error of document.errors.slice(0, mostProblems)) problems.push(syntaxProblem(error, lines));
  const root = document.contents as Node | null;
  if (problems.length > 0) return done([]);
  if (root === null || (isScalar(root) && root.value === "")) {
    report("error", null, "The file is empty", "Paste the text of nutcracker.yml.");
    return done([]);
  }
  if (!isMap(root)) {
    report(
      "error",
      root,
      "The file is not a list of pools",
      'Begin with a pool\'s name and a colon: "alpha:".',
    );
    return done([]);
  }
  if (root.items.length === 0)
    report("error", root, "The file has no pools", "Paste the text of nutcracker.yml.");
  const excess = excessOf(root);
  if (excess !== null) {
    report("error", excess.node, excess.message, "Give the pool that is to be synchronized alone.");
    return done([]);
  }
  return done(readPools(root, report, reportIn, (node) => lines.linePos(node.range?.[0] ?? 0).line));
}

/** The answer for a file that is not read at all. */
export function unreadable(message: string): NutcrackerConfig {
  const remedy = "Give the nutcracker.yml itself.";
  const nowhere = { line: null, column: null, pool: null } as const;
  return {
    pools: [],
    problems: [{ severity: "error", ...nowhere, message, remedy, code: "NUTCRACKER_SYNTAX" }],
  };
}

/** Where a file has more than any cluster: it is not read any further. */
function excessOf(root: YAMLMap): { readonly node: Node | null; readonly message: string } | null {
  const pools = root.items as Pair<Node, Node | null>[];
  if (pools.length > mostPools)
    return { node: pools[mostPools]!.key, message: `The file has more than ${mostPools} pools` };
  let servers = 0;
  for (const { key, value } of pools) {
    if (!isMap(value)) continue;
    for (const { value: list } of value.items as Pair<Node, Node | null>[])
      servers += isSeq(list) ? list.items.length : 0;
    if (servers > mostServers) return { node: key, message: `The file has more than ${mostServers} servers` };
  }
  return null;
}

/** Errors before warnings, where there are more than anybody reads. */
function firstOf(problems: readonly Problem[]): Problem[] {
  const errors = problems.filter(({ severity }) => severity === "error");
  const warnings = problems.filter(({ severity }) => severity === "warning");
  return [...errors, ...warnings].slice(0, mostProblems);
}

function readPools(
  root: YAMLMap,
  report: ReportProblem,
  reportIn: (pool: string) => ReportProblem,
  lineOf: (node: Node) => number,
): NutcrackerPool[] {
  const pools: NutcrackerPool[] = [];
  for (const { key, value } of root.items as Pair<Node, Node | null>[]) {
    if (!isScalar(key) || key.value === "" || key.value === null) {
      report("error", key, "A pool's name must be a text", 'Write it as "alpha:".');
      continue;
    }
    const name = String(key.value);
    const found = controlCharacterIn(name);
    if (found !== null) {
      report("error", key, `A pool's name holds ${found}`, "Write it without control characters.");
      continue;
    }
    const reportPool = reportIn(name);
    if (pools.some((pool) => pool.name === name)) {
      reportPool("error", key, `There are two pools named ${name}`, "Rename one of them.");
      continue;
    }
    if (!isMap(value)) {
      const remedy = `Indent its directives by spaces below "${name}:".`;
      reportPool("error", value ?? key, `Pool ${name} has no directives`, remedy);
      continue;
    }
    const pool = readPool(name, key, value, reportPool, lineOf);
    const twin = pools.find((other) => other.listen !== null && other.listen === pool.listen);
    if (twin !== undefined) {
      reportPool(
        "warning",
        key,
        `Pools ${twin.name} and ${name} listen at one address`,
        "Change one of them.",
      );
    }
    pools.push(pool);
  }
  return pools;
}

/**
 * The pool to synchronize. `name` null takes the only Redis pool there is.
 * @throws TributaryError NUTCRACKER_SYNTAX when the file or that pool has an error, NUTCRACKER_POOL_UNKNOWN,
 * NUTCRACKER_NOT_REDIS, INPUT_INVALID when no name is given and there are several.
 */
export function selectPool(config: NutcrackerConfig, name: string | null): NutcrackerPool {
  throwFirstError(config, null);
  const pools = config.pools.map((pool) => pool.name).join(", ") || "none";
  const redisPools = config.pools.filter((pool) => pool.redis);
  const pool =
    name !== null
      ? config.pools.find((candidate) => candidate.name === name)
      : redisPools.length === 1
        ? redisPools[0]
        : config.pools.length === 1
          ? config.pools[0]
          : undefined;
  if (pool === undefined) {
    if (name !== null) throw new TributaryError("NUTCRACKER_POOL_UNKNOWN", { pool: name, pools });
    const detail = `nutcracker.yml has several pools (${pools}); say which one`;
    throw new TributaryError("INPUT_INVALID", { field: "Pool", detail });
  }
  throwFirstError(config, pool.name);
  if (!pool.redis) throw new TributaryError("NUTCRACKER_NOT_REDIS", { pool: pool.name });
  return pool;
}

function throwFirstError(config: NutcrackerConfig, pool: string | null): void {
  const first = config.problems.find((problem) => problem.severity === "error" && problem.pool === pool);
  if (first === undefined) return;
  throw new TributaryError("NUTCRACKER_SYNTAX", { line: first.line ?? 1, detail: first.message });
}

function syntaxCode(severity: Problem["severity"]): { code?: ErrorCode } {
  return severity === "error" ? { code: "NUTCRACKER_SYNTAX" } : {};
}

function syntaxProblem(
  error: { code: string; message: string; pos: [number, number] },
  lines: LineCounter,
): Problem {
  const { line, col } = lines.linePos(error.pos[0]);
  const tabs = error.code === "TAB_AS_INDENT" || /\btabs?\b/i.test(error.message);
  return {
    severity: "error",
    line,
    column: col,
    message: tabs ? "A line is indented by a tab" : (wording[error.code] ?? "This is not YAML"),
    remedy: tabs
      ? "Indent by spaces only."
      : "Fix the line: directives are written as `name: value`, each deeper level indented by more spaces.",
    code: "NUTCRACKER_SYNTAX",
    pool: null,
  };
}

/** Sentences for the parser's codes; its own messages can quote the file. */
const wording: Readonly<Record<string, string>> = {
  BAD_INDENT: "The indentation does not fit the lines above",
  BAD_ALIAS: "Twemproxy knows no aliases",
  BLOCK_IN_FLOW: "A list or mapping begins inside brackets",
  MISSING_CHAR: "A character is missing, such as the closing quote or the space after a colon",
  MULTILINE_IMPLICIT_KEY: "A colon is missing after the name",
  MULTIPLE_DOCS: "The file has more than one YAML document",
  UNEXPECTED_TOKEN: "There is something that does not belong here",
  KEY_OVER_1024_CHARS: "A name is longer than 1024 characters",
};
