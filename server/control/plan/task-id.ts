import { randomBytes } from "node:crypto";

/** Short, since it is part of key and connection names; 50 random bits. */
export function newTaskId(): string {
  return [...randomBytes(10)].map((byte) => "abcdefghijkmnpqrstuvwxyz23456789"[byte & 31]).join("");
}
