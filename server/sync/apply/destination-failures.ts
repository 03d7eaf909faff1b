import { type PlainReason, type TributaryError, toReason } from "../../errors/tributary-error.ts";
import { formatAddress } from "../../redis/endpoint.ts";
import { isOfConversation, toTributaryError } from "../../redis/reply-error.ts";
import type { Backoff } from "../retry/backoff.ts";
import { pause } from "../retry/pause.ts";
import { RepeatedFailures } from "../retry/repeated-failures.ts";
import type { GenerationApplierOptions } from "./generation-applier-options.ts";

const LOOK_MS = 100;

/** What keeps a generation from being applied, and how long to wait before it is tried again. */
export class DestinationFailures {
  /** What is waited for; null while the destination takes what comes. */
  problem: PlainReason | null = null;
  /** A reason that is not retried. */
  fatal: PlainReason | null = null;
  readonly #options: GenerationApplierOptions;
  readonly #repeated: RepeatedFailures;

  constructor(options: GenerationApplierOptions) {
    this.#options = options;
    this.#repeated = new RepeatedFailures(options.now);
  }

  /** Waits before the destination is connected to again; sets `fatal` instead where that is of no use. */
  async failed(error: unknown, backoff: Backoff): Promise<void> {
    const reason = toReason(isOfConversation(error) ? this.#named(error) : error);
    if (!reason.retried) {
      this.fatal = reason;
      return;
    }
    // When it comes back it may be another version of itself.
    this.#options.ledger.unknownCommands.clear();
    this.problem = reason;
    this.#options.onChange();
    await backoff.wait(this.#options.signal);
  }

  /** What is asked of the destination between others may end before anybody has said whose answer it was. */
  #named(error: unknown): TributaryError {
    const address = formatAddress(this.#options.spec.destination);
    return toTributaryError(error, { role: "the destination", address });
  }

  /**
   * Waits before the shard is received again, which costs it an RDB and may end as before.
   * @param cutShort asked now and then: whether the wait has become pointless.
   */
  async untilAnotherAttempt(reason: PlainReason, cutShort: () => boolean): Promise<void> {
    const { now, signal, report, onChange } = this.#options;
    const { waitMs, said } = this.#repeated.failed(reason.code);
    if (said !== "") {
      const message = `${reason.message}${said}`;
      this.problem = { ...reason, message };
      report.event({ level: "warning", type: "attempt-delayed", message });
      onChange();
    }
    const until = now() + waitMs;
    while (now() < until && !cutShort() && !signal.aborted) await pause(Math.min(LOOK_MS, waitMs), signal);
  }
}
