import { TributaryError } from "../errors/tributary-error.ts";
import { shownName, shownValue } from "./element-differences.ts";
import { type ElementPart, valueElements } from "./value-elements.ts";

/** One of the first parts of a value, its name and what belongs to it cut to SHOWN_BYTES. */
export type ShownPart = { readonly part: ElementPart; readonly name: Buffer; readonly value: Buffer };

/** Parts of a value that are shown where it has no counterpart on the other side. */
const SHOWN_PARTS = 3;

/** How the value of a DUMP begins; nothing of one that cannot be decoded, such as a module's. */
export async function valueBeginning(payload: Buffer): Promise<ShownPart[]> {
  const parts: ShownPart[] = [];
  try {
    await valueElements(payload, { streamDetails: false }, ({ part, name, value }) => {
      if (parts.length < SHOWN_PARTS)
        parts.push({ part, name: shownName(part, name), value: shownValue(part, value) });
    });
  } catch (error) {
    if (!(error instanceof TributaryError)) throw error;
    return [];
  }
  return parts;
}
