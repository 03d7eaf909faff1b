import { z } from "zod";
import { formSchema, numberIn } from "@/components/form/form-schema";
import type { VerifyOrder } from "@/server/control/verification/verify-order";
import { pace, verifyOrder } from "@/server/input/verify-input";

/** What a verification is to look at and how fast, as it is being typed. */
export type OrderDraft = {
  depth: VerifyOrder["depth"];
  range: "all" | "sample" | "shard" | "prefix";
  sample: string;
  shardId: string;
  prefix: string;
  keysPerSecond: string;
  mbPerSecond: string;
  replicas: boolean;
};

export const newDraft: OrderDraft = {
  depth: "full",
  range: "all",
  sample: "5",
  shardId: "",
  prefix: "",
  keysPerSecond: "",
  mbPerSecond: "",
  replicas: false,
};

export type LimitsDraft = Pick<OrderDraft, "keysPerSecond" | "mbPerSecond">;

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
    replicas: order.replicas ?? false,
  };
}

/** A draft that is typed into a form, and the order that becomes of it. */
export const orderSchema = formSchema(verifyOrder, orderOf, fieldOf);
export const limitsSchema = formSchema(z.object(pace), paceOf, fieldOf);

/** The field of a draft that a value of an order is typed into. */
export function fieldOf([name = "depth"]: readonly string[]): readonly [keyof OrderDraft] {
  return [(name === "bytesPerSecond" ? "mbPerSecond" : name) as keyof OrderDraft];
}

/** The counts cannot be had of a part of the keys. A number that is none is NaN. */
export function orderOf(draft: OrderDraft): z.input<typeof verifyOrder> {
  const { depth } = draft;
  const range = depth === "counts" ? "all" : draft.range;
  return {
    depth,
    sample: range === "sample" ? numberIn(draft.sample) : 100,
    prefix: range === "prefix" ? base64Of(draft.prefix) : null,
    shardId: range === "shard" ? draft.shardId : null,
    replicas: draft.replicas,
    ...paceOf(draft),
  };
}

/** Limits as they were typed; an empty one is none. */
function paceOf({ keysPerSecond, mbPerSecond }: LimitsDraft) {
  const limit = (text: string, unit: number) => (text.trim() === "" ? null : numberIn(text) * unit);
  return { keysPerSecond: limit(keysPerSecond, 1), bytesPerSecond: limit(mbPerSecond, 1e6) };
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
