import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from "node:crypto";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TributaryError } from "../../errors/tributary-error.ts";

/** Encrypts passwords at rest: AES-256-GCM with a fresh nonce each, bound to the place they belong to. */
export type SecretBox = {
  /** `place` says whose password it is; a text that is moved to another place does not open there. */
  seal(plain: string, place: string): string;
  /** @throws TributaryError SECRET_WRONG when the key or the place is not the one it was sealed with. */
  open(sealed: string, place: string): string;
};

/**
 * The key is derived from `secret` (TRIBUTARY_SECRET), else read from secret.key in the data directory, a file
 * of mode 0600 that is made on the first start.
 * @param sealed whether passwords are there that were sealed before: a new key would not open them.
 * @throws TributaryError SECRET_MISSING, SECRET_WRONG
 */
export function openSecretBox(dataDirectory: string, secret: string | undefined, sealed = false): SecretBox {
  const key = secret ? deriveKey(secret) : keyOfFile(join(dataDirectory, "secret.key"), sealed);
  return {
    seal: (plain, place) => {
      const nonce = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(place));
      const body = Buffer.concat([cipher.update(plain, "utf8"), cipher.final()]);
      return `v1:${Buffer.concat([nonce, cipher.getAuthTag(), body]).toString("base64")}`;
    },
    open: (sealed, place) => {
      const bytes = Buffer.from(sealed.replace(/^v1:/, ""), "base64");
      try {
        const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12), { authTagLength: 16 });
        decipher.setAAD(Buffer.from(place)).setAuthTag(bytes.subarray(12, 28));
        return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString("utf8");
      } catch (error) {
        throw new TributaryError("SECRET_WRONG", {}, { cause: error });
      }
    },
  };
}

/** The salt is fixed: it must be the same after the data directory was moved or restored without a key file. */
function deriveKey(secret: string): Buffer {
  return scryptSync(secret, "tributary passwords at rest, v1", 32);
}

function keyOfFile(file: string, sealed: boolean): Buffer {
  if (!existsSync(file)) {
    if (sealed) throw new TributaryError("SECRET_MISSING", { file });
    writeFileSync(file, `${randomBytes(32).toString("base64")}\n`, { mode: 0o600, flag: "wx" });
  }
  chmodSync(file, 0o600);
  const key = Buffer.from(readFileSync(file, "utf8").trim(), "base64");
  if (key.length !== 32) throw new TributaryError("SECRET_WRONG");
  return key;
}
