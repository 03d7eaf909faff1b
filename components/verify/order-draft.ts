import type { VerifyOrder } from "@/server/control/verification/verification-store";

/** What a verification is to look at and how fast, as it is being typed. */
export type OrderDraft = {
  readonly depth: VerifyOrder["depth"];
  readonly range: "all" | "sample" | "shard" | "prefix";
  readonly sample: string;
  readonly shardId: string;
  readonly prefix: string;
  readonly keysPerSecond: string;
  readonly mbPerSecond: string;
};

export const newDraft: OrderDraft = {
  depth: "full",
  range: "all",
  sample: "5",
  shardId: "",
  prefix: "",
  keysPerSecond: "",
  mbPerSecond: "",
};

/** What is wrong, by its field. */
export type DraftErrors = Partial<Record<keyof OrderDraft, string>>;

export function draftOf(order: VerifyOrder): OrderDraft {
  const { depth, sample, prefix, shardId, keysPerSecond, bytesPerSecond } = order;
  const range = shardId !== null ? "shard" : prefix !== null ? "prefix" : sample < 100 ? "sample" : "all";
  return {
    depth,
    range,
    sample: sample < 100 ? String(sample) : newDraft.sample,
    shardId: shardId ?? "",
    prefix: prefix === null ? "" : textOf(prefix),
    keysPerSecond: keysPerSecond === null ? "" : String(keysPerSecond),
    mbPerSecond: bytesPerSecond === null ? "" : String(bytesPerSecond / 1e6),
  };
}

/** The numbers of the counts cannot be had of a part of the keys. */
export function orderOf(draft: OrderDraft): VerifyOrder | DraftErrors {
  const { depth } = draft;
  const range = depth === "counts" ? "all" : draft.range;
  const errors: Record<string, string> = {};
  const sample = range === "sample" ? numberIn(draft.sample) : 100;
  if (sample === null || sample > 100) errors.sample = "A number above 0 and up to 100";
  if (range === "prefix" && draft.prefix === "") errors.prefix = "What the keys begin with";
  if (range === "shard" && draft.shardId === "") errors.shardId = "Choose a shard";
  const pace = paceOf(draft);
  if ("errors" in pace) Object.assign(errors, pace.errors);
  if (Object.keys(errors).length > 0 || "errors" in pace) return errors;
  return {
    depth,
    sample: sample ?? 100,
    prefix: range === "prefix" ? base64Of(draft.prefix) : null,
    shardId: range === "shard" ? draft.shardId : null,
    ...pace,
  };
}

/** Limits as they were typed; an empty one is none. */
export function paceOf({ keysPerSecond, mbPerSecond }: Pick<OrderDraft, "keysPerSecond" | "mbPerSecond">) {
  const wrong = "A number above 0, or nothing";
  const [keys, megabytes] = [numberIn(keysPerSecond), numberIn(mbPerSecond)];
  const errors = {
    ...(keysPerSecond.trim() !== "" && keys === null ? { keysPerSecond: wrong } : {}),
    ...(mbPerSecond.trim() !== "" && megabytes === null ? { mbPerSecond: wrong } : {}),
  };
  if (Object.keys(errors).length > 0) return { errors };
  return { keysPerSecond: keys, bytesPerSecond: megabytes === null ? null : megabytes * 1e6 };
}

export function isOrder(order: VerifyOrder | DraftErrors): order is VerifyOrder {
  return "shardId" in order && "bytesPerSecond" in order;
}

/** Above 0, with or without thousands separators; null for what is none. */
function numberIn(text: string): number | null {
  const plain = text.trim().replace(/,(?=\d{3}(\D|$))/g, "");
  const value = /^\d{1,12}(\.\d{1,6})?$/.test(plain) ? Number(plain) : 0;
  return value > 0 ? value : null;
}

/** `\xNN` stands for any byte, all else for itself in UTF-8. */
export function base64Of(text: string): string {
  const bytes = text
    .split(/(\\x[0-9a-fA-F]{2})/)
    .flatMap((part) =>
      /^\\x[0-9a-fA-F]{2}$/.test(part)
        ? [Number.parseInt(part.slice(2), 16)]
        : [...new TextEncoder().encode(part)],
    );
  return btoa(String.fromCharCode(...bytes));
}

function textOf(base64: string): string {
  let text = "";
  for (const character of atob(base64)) {
    const byte = character.charCodeAt(0);
    const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x5c;
    text += plain ? character : `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return text;
}
