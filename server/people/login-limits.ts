import { TributaryError } from "../errors/tributary-error.ts";

const WINDOW_MS = 15 * 60_000;
/** Wrong passwords within the window. */
const FOR_ACCOUNT = 10;
const FOR_ADDRESS = 30;
/** Accounts and addresses that are counted at a time; of more, the oldest are forgotten. */
const MOST = 10_000;

/**
 * Bounds guessing: each account and each address has a number of wrong passwords in fifteen minutes. An attempt counts
 * before the password is looked at, so that many at once are no way around; a right one is taken back. Sessions that
 * are open already go on.
 */
export class LoginLimits {
  readonly #now: () => number;
  readonly #attempts = new Map<string, number[]>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @returns what takes the attempt back. @throws TributaryError TOO_MANY_LOGINS */
  take(email: string, from: string | null): () => void {
    const account = `account ${email.trim().toLowerCase()}`;
    const address = `address ${networkOf(from)}`;
    const now = this.#now();
    const wait = Math.max(this.#wait(account, FOR_ACCOUNT, now), this.#wait(address, FOR_ADDRESS, now));
    if (wait > 0) throw new TributaryError("TOO_MANY_LOGINS", { minutes: Math.ceil(wait / 60_000) });
    this.#add(account, now);
    this.#add(address, now);
    return () => {
      // Who knows the password of an account may have mistyped it before. The address may belong to many.
      this.#attempts.delete(account);
      const left = this.#attempts.get(address);
      left?.splice(left.lastIndexOf(now), 1);
    };
  }

  #wait(key: string, most: number, now: number): number {
    const recent = (this.#attempts.get(key) ?? []).filter((at) => at > now - WINDOW_MS && at <= now);
    if (recent.length === 0) this.#attempts.delete(key);
    else this.#attempts.set(key, recent);
    return recent.length < most ? 0 : recent[recent.length - most]! + WINDOW_MS - now;
  }

  #add(key: string, now: number): void {
    const attempts = this.#attempts.get(key) ?? [];
    attempts.push(now);
    // The latest last.
    this.#attempts.delete(key);
    this.#attempts.set(key, attempts);
    const oldest = this.#attempts.keys().next().value;
    if (this.#attempts.size > MOST && oldest !== undefined) this.#attempts.delete(oldest);
  }
}

/** An IPv6 host has a whole /64 for itself, and so counts as one; IPv4 within IPv6 is IPv4. */
function networkOf(address: string | null): string {
  if (address === null) return "unknown";
  const four = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (four !== undefined) return four;
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const middle =
    tail === undefined ? [] : Array<string>(Math.max(0, 8 - left.length - right.length)).fill("0");
  return [...left, ...middle, ...right].slice(0, 4).join(":");
}
