/** C0 and C1, DEL, the separators of lines, and the marks that turn the direction of a text (unicode: Bidi_Control). */
const controls =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

/**
 * What a text holds that no address, name or password has: a line break in one would go on in a peer's protocol, an
 * escape in the terminal of whoever reads the log. null for none; else how to call the first of them.
 */
export function controlCharacterIn(text: string): string | null {
  const found = controls.exec(text)?.[0];
  if (found === undefined) return null;
  if (found === "\r" || found === "\n") return "a line break";
  if (found === "\t") return "a tab";
  return `the control character U+${found.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}
