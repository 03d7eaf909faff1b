import type { SharedTask } from "../control/views/shared-task.ts";
import type { Health, StatusBoard } from "../control/views/status-board.ts";

export type Badge = { readonly label: string; readonly text: string; readonly health: Health };

/** Grounds on which white text has a contrast of 4.5:1 at least. */
const grounds: Readonly<Record<Health, string>> = {
  failed: "#b3261e",
  attention: "#8a5a00",
  busy: "#2b5fa8",
  good: "#0f6b4f",
  idle: "#5b6770",
};

const longest = 60;

export function badgeOf(shown: StatusBoard | SharedTask): Badge {
  if ("task" in shown) {
    const { name, health, shards, shardsSynchronizing } = shown.task;
    return { label: name, text: textOf(health, shards.length, shardsSynchronizing), health };
  }
  const { health, shards, synchronizing } = shown;
  return { label: "Tributary", text: textOf(health, shards, synchronizing), health };
}

function textOf(health: Health, shards: number, synchronizing: number): string {
  if (health === "idle") return "nothing runs";
  const of = `${synchronizing} of ${shards} synchronizing`;
  if (health === "failed") return `failed, ${of}`;
  return health === "attention" ? `needs attention, ${of}` : of;
}

/** A picture of its own: no script, no font and nothing from elsewhere. */
export function badgeSvg({ label, text, health }: Badge): string {
  const left = shortened(label);
  const widths = [left, text].map((part) => widthOf(part) + 14) as [number, number];
  const [first, second] = widths;
  const middle = (from: number, width: number) => (from + width / 2).toFixed(1);
  const word = (part: string, from: number, width: number) =>
    `<text x="${middle(from, width)}" y="14" textLength="${width - 14}" lengthAdjust="spacingAndGlyphs">${escaped(part)}</text>`;
  const title = escaped(`${left}: ${text}`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${first + second}" height="20" role="img" aria-label="${title}">`,
    `<title>${title}</title>`,
    `<rect width="${first + second}" height="20" rx="4" fill="${grounds[health]}"/>`,
    `<path d="M4 0h${first - 4}v20h-${first - 4}a4 4 0 0 1-4-4v-12a4 4 0 0 1 4-4z" fill="#2e3a40"/>`,
    `<g fill="#fff" text-anchor="middle" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11">`,
    word(left, 0, first),
    word(text, first, second),
    "</g></svg>",
  ].join("");
}

/** px of a text in Verdana 11, near enough: `textLength` makes it fit. */
function widthOf(text: string): number {
  let width = 0;
  for (const sign of text) width += /[il.,:;'|!]/.test(sign) ? 3.8 : /[mwMW@]/.test(sign) ? 10 : 6.8;
  return Math.ceil(width);
}

function shortened(text: string): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}

function escaped(text: string): string {
  const names: Readonly<Record<string, string>> = {
    "&": "amp",
    "<": "lt",
    ">": "gt",
    '"': "quot",
    "'": "#39",
  };
  return text.replace(/[&<>"']/g, (sign) => `&${names[sign]};`);
}
