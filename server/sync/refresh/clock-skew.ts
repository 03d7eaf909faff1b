import { type Redis, ReplyError } from "ioredis";
import type { StreamClock } from "../expiry/stream-clock.ts";
import { milliseconds } from "./key-dump.ts";

const SAMPLES = 3;
/** Both servers are asked this often, ms. */
const EVERY_MS = 30_000;
/** An answer that took longer may have done so on one half of its way, ms. */
const SLOW_MS = 200;
/** Clocks that differ by more are worth a warning, ms. */
const WORTH_MS = 1000;

/** Tells the stream's clock how the clocks of source and destination differ: it is by them that keys expire. */
export class ClockComparison {
  readonly #clock: StreamClock;
  readonly #now: () => number;
  /** Said once. */
  readonly #onSkew: (message: string) => void;
  #reported = false;
  #comparedAt = Number.NEGATIVE_INFINITY;

  constructor(clock: StreamClock, now: () => number, onSkew: (message: string) => void) {
    this.#clock = clock;
    this.#now = now;
    this.#onSkew = onSkew;
  }

  get due(): boolean {
    return this.#now() - this.#comparedAt >= EVERY_MS;
  }

  async compare(source: Redis, destination: Redis): Promise<void> {
    this.#comparedAt = this.#now();
    const ahead = (client: Redis) =>
      clockAhead(client, this.#now).catch((error: unknown) => {
        // A user without +time is nothing to fail for here; a connection that has failed is.
        if (error instanceof ReplyError) return 0;
        throw error;
      });
    const [there, here] = await Promise.all([ahead(destination), ahead(source)]);
    this.#clock.setAhead({ source: here, destination: there });
    const skew = there - here;
    if (Math.abs(skew) <= WORTH_MS || this.#reported) return;
    this.#reported = true;
    const seconds = (Math.abs(skew) / 1000).toFixed(1);
    const [where, when] = skew > 0 ? ["ahead of", "early"] : ["behind", "late"];
    this.#onSkew(
      `The destination's clock is ${seconds} s ${where} the shard's, so keys expire there too ${when}: set both by the same time servers.`,
    );
  }
}

/**
 * How far a server's clock is ahead of `now`, ms; negative where it is behind. Of some samples the one whose
 * answer came soonest counts, and it is right to half of that time.
 */
export async function clockAhead(client: Redis, now: () => number): Promise<number> {
  let ahead = 0;
  let fastest = Number.POSITIVE_INFINITY;
  for (let sample = 0; sample < SAMPLES; sample++) {
    const asked = now();
    const said = milliseconds(await client.time());
    const took = now() - asked;
    if (took >= fastest) continue;
    fastest = took;
    ahead = said - (asked + took / 2);
    // A way that is slow may be so in one direction only: what that explains is no difference of the clocks.
    if (took > SLOW_MS) ahead = Math.sign(ahead) * Math.max(0, Math.abs(ahead) - took / 2);
  }
  return Math.round(ahead);
}
