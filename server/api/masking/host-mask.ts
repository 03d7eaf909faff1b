import { createHmac } from "node:crypto";

/** Hides hosts in any text. A host has one name in all of them, so that two servers can still be told apart. */
export type HostMask = (text: string) => string;

/** Addresses that no task names, such as one that a server has answered: IPv4, IPv6 in brackets, a name with dots and a port. */
const UNNAMED = String.raw`(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]*\d)|\[[0-9a-f:.]*:[0-9a-f:.]*\]|(?<![\w.-])[a-z0-9-]+(?:\.[a-z0-9-]+)+(?=:\d{2,5}(?!\d))`;
/** A host's name that is a word as well is hidden only where it stands as a host. */
const WORD = /^[a-z]+$/i;

/** @param hosts that are known. @param salt of the installation. */
export function hostMask(hosts: Iterable<string>, salt: string): HostMask {
  const forms = new Map<string, string>();
  for (const host of hosts) {
    if (host === "") continue;
    forms.set(host.toLowerCase(), host);
    // As it stands in the id of a shard that has no name of its own.
    const inId = host.replace(/[^A-Za-z0-9_.-]+/g, "-");
    if (inId.length > 3) forms.set(inId.toLowerCase(), host);
  }
  const known = [...forms.keys()].sort((a, b) => b.length - a.length).map(patternOf);
  const pattern = new RegExp([...known, UNNAMED].join("|"), "gi");
  const nameOf = (found: string) => {
    const bare = found.replace(/^\[(.*)\]$/, "$1").toLowerCase();
    const host = (forms.get(bare) ?? bare).toLowerCase();
    return `host-${createHmac("sha256", salt).update(host).digest("hex").slice(0, 6)}`;
  };
  return (text) => text.replace(pattern, nameOf);
}

function patternOf(form: string): string {
  const text = form.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  if (WORD.test(form)) return `(?<![\\w.-])${text}(?=[:-]\\d)|(?<=ENOTFOUND |EAI_AGAIN )${text}(?![\\w-])`;
  return `(?<![\\w.])\\[?${text}\\]?(?![\\w]|\\.\\w)`;
}
