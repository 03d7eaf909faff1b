import { createHash, randomBytes } from "node:crypto";

/** 256 random bits for an API token or a link. Only their hash is kept, so nobody can read one back. */
export function newSecret(): string {
  return randomBytes(32).toString("base64url");
}

/** SHA-256 in hex. It needs no salt and no slow hash, since what it hashes cannot be guessed. */
export function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}
