import { TributaryError } from "../../errors/tributary-error.ts";

/** Servers a minute that users may have looked at; one task may have more, and then has all of a minute or more. */
const A_MINUTE = 256;
/** What the smallest test costs. */
const LEAST = 8;

/**
 * Bounds how many servers are dialled because somebody asks: a connection test says whether something listens at an
 * address, and thousands a minute would make of Tributary a scanner of the network that it stands in.
 */
export class DialBudget {
  readonly #now: () => number;
  #left = A_MINUTE;
  #at: number;

  constructor(now: () => number) {
    this.#now = now;
    this.#at = now();
  }

  /** @throws TributaryError TOO_MANY_REQUESTS */
  take(servers: number): void {
    const now = this.#now();
    // A clock that was put back gives nothing and takes nothing.
    this.#left = Math.min(A_MINUTE, this.#left + (Math.max(0, now - this.#at) / 60_000) * A_MINUTE);
    this.#at = now;
    const cost = Math.max(LEAST, servers);
    const wanted = Math.min(cost, A_MINUTE);
    if (this.#left < wanted) {
      const seconds = Math.ceil(((wanted - this.#left) / A_MINUTE) * 60);
      throw new TributaryError("TOO_MANY_REQUESTS", { what: "connection tests", seconds });
    }
    // A large task goes into debt, so that no more are dialled in the long run.
    this.#left -= cost;
  }
}
