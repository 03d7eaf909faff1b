/**
 * The passwords that this thread has sent, or may send, to a server. What a server says can repeat them, in any of the
 * forms in which texts are quoted; they are taken out where such a text enters a message. A list for all of a thread,
 * since a peer may repeat a password that another connection sent.
 */
const known = new Map<string, readonly string[]>();

const MOST = 2_048;
/** Shorter ones are parts of ordinary words: they are looked for between quotes alone. */
const SHORTEST = 4;
const hidden = "***";

/** From now on the password stays out of messages; null is none. */
export function knowSecret(password: string | null): void {
  if (password === null || password === "") return;
  const forms = known.get(password) ?? formsOf(password);
  // The latest last: where there are too many, those that are used stay.
  known.delete(password);
  known.set(password, forms);
  const oldest = known.keys().next().value;
  if (known.size > MOST && oldest !== undefined) known.delete(oldest);
}

/** The text without any known password, and without the half or more of one at which it was cut off. */
export function withoutSecrets(text: string): string {
  let left = text;
  for (const forms of known.values()) for (const form of forms) left = hide(left, form, form.length);
  for (const forms of known.values())
    for (const form of forms) left = hide(left, form, Math.min(form.length, Math.max(6, form.length >> 1)));
  return left;
}

/** As they are, and as quoting, encoding, dumping and decoding by another character set make of them. */
function formsOf(password: string): string[] {
  const bytes = Buffer.from(password);
  if (password.length < SHORTEST) return [`'${password}'`, `"${password}"`, `\`${password}\``];
  const perByte = (prefix: string) => bytes.toString("hex").replace(/../g, (pair) => prefix + pair);
  const entities: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  // Within a longer text base64 begins at one of three places of a byte: only the middle is then always the same.
  const shifted = [1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), bytes])
      .toString("base64")
      .slice(shift + 1)
      .replace(/=*$/, "")
      .slice(0, -1),
  );
  const plain = bytes.toString("base64").replace(/=*$/, "");
  return [
    password,
    bytes.toString("latin1"),
    encodeURIComponent(password),
    encodeURIComponent(password).replaceAll("%20", "+"),
    JSON.stringify(password).slice(1, -1),
    JSON.stringify(JSON.stringify(password).slice(1, -1)).slice(1, -1),
    // redis: sds.c sdscatrepr
    bytes
      .toString("latin1")
      .replace(/[\\"]/g, "\\$&")
      .replace(/[^\x20-\x7e]/g, (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, "0")}`),
    password.replace(/'/g, "\\'"),
    password.replace(/'/g, "''"),
    password.replace(/'/g, "'\\''"),
    password.replace(/[&<>"']/g, (one) => entities[one]!),
    [...password].reverse().join(""),
    bytes.toString("hex"),
    perByte("\\x"),
    perByte("%"),
    perByte(" ").trim(),
    perByte(":").slice(1),
    plain,
    plain.slice(0, -1),
    ...shifted,
    ...[plain, plain.slice(0, -1), ...shifted].map((one) => one.replaceAll("+", "-").replaceAll("/", "_")),
  ].filter((form, index, all) => form.length >= SHORTEST && all.indexOf(form) === index);
}

/** Each place at which the form stands is hidden, as far as the text follows the form. */
function hide(text: string, form: string, least: number): string {
  let left = text;
  let lower = lowered(left);
  const wanted = lowered(form);
  for (let at = lower.indexOf(wanted.slice(0, least)); at !== -1; ) {
    let length = least;
    while (length < wanted.length && lower[at + length] === wanted[length]) length++;
    left = left.slice(0, at) + hidden + left.slice(at + length);
    lower = lowered(left);
    at = lower.indexOf(wanted.slice(0, least), at + hidden.length);
  }
  return left;
}

/** In lower case where that has the same length, so that places in it are places in the text. */
function lowered(text: string): string {
  const lower = text.toLowerCase();
  return lower.length === text.length ? lower : text;
}
