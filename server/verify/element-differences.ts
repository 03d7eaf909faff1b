import {
  type ElementPart,
  unframed,
  type ValueElement,
  valueElements,
  withoutFor,
} from "./value-elements.ts";

/** A part of a value that the two sides have not alike; a side is null that does not have it. */
export type ElementDifference = {
  readonly part: ElementPart;
  /** Cut to SHOWN_BYTES. The position of a list in decimal; of a string, that of the first byte that differs. */
  readonly name: Buffer;
  readonly source: Buffer | null;
  readonly destination: Buffer | null;
};

/** How much of a name or a value is kept. */
export const SHOWN_BYTES = 64;

/** The first few elements in which two DUMPs differ. @throws TributaryError RDB_CORRUPT as valueElements. */
export async function elementDifferences(
  source: Buffer,
  destination: Buffer,
  most: number,
): Promise<ElementDifference[]> {
  const without = withoutFor(source, destination);
  const here = new Map<string, ValueElement>();
  await valueElements(source, without, (element) => here.set(placeOf(element), element));
  const found: ElementDifference[] = [];
  await valueElements(destination, without, (element) => {
    const place = placeOf(element);
    const own = here.get(place);
    here.delete(place);
    if (found.length >= most || own?.value.equals(element.value)) return;
    found.push(differenceOf(element, own?.value ?? null, element.value));
  });
  for (const element of here.values()) {
    if (found.length >= most) break;
    found.push(differenceOf(element, element.value, null));
  }
  return found;
}

function placeOf({ part, name }: ValueElement): string {
  return `${part} ${name.toString("latin1")}`;
}

function differenceOf(
  { part, name }: ValueElement,
  source: Buffer | null,
  destination: Buffer | null,
): ElementDifference {
  if (part !== "string" || source === null || destination === null)
    return {
      part,
      name: shownName(part, name),
      source: source === null ? null : shownValue(part, source),
      destination: destination === null ? null : shownValue(part, destination),
    };
  return stringDifference(source, destination, 0);
}

/** Two strings from the first byte on that differs. @param at where they begin in the whole value. */
export function stringDifference(source: Buffer, destination: Buffer, at: number): ElementDifference {
  const shorter = Math.min(source.length, destination.length);
  let same = 0;
  while (same < shorter && source[same] === destination[same]) same++;
  return {
    part: "string",
    name: Buffer.from(String(at + same)),
    source: shown(source.subarray(same)),
    destination: shown(destination.subarray(same)),
  };
}

/** The beginning, as a copy: the whole is let go. */
export function shown(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.subarray(0, SHOWN_BYTES));
}

const framedNames: ReadonlySet<ElementPart> = new Set<ElementPart>(["consumer", "pending entry"]);
const framedValues: ReadonlySet<ElementPart> = new Set<ElementPart>([
  "entry",
  "last id",
  "pending entry",
  "other",
]);

export function shownName(part: ElementPart, name: Buffer): Buffer {
  return shown(framedNames.has(part) ? unframed(name) : name);
}

export function shownValue(part: ElementPart, value: Buffer): Buffer {
  return shown(framedValues.has(part) ? unframed(value) : value);
}
