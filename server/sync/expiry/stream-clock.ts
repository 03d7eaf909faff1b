/** A heartbeat that is younger than this says that the stream has caught up, ms. */
const FRESH_MS = 400;
/** It is written this often, ms. */
const HEARTBEAT_MS = 1000;
/** With heartbeats, a link that has brought nothing for this long stands still, or is dead, ms. */
const SILENT_MS = HEARTBEAT_MS + 250;
/** Without them, a stream that goes on after an interruption has caught up when nothing waits after this, ms. */
const CAUGHT_UP_MS = 1000;

/**
 * How far behind the source the applied stream is in time, as well as it can be known. Until the first fresh
 * heartbeat it is the age of what the stream began with; from then on every moment at which all input has been
 * read is the present, as long as the link brings something.
 */
export class StreamClock {
  readonly #now: () => number;
  /** Source time, by the engine's clock, that the stream has reached; ms. */
  #reached: number;
  #live = false;
  #heartbeats = true;
  #receivedAt: number;
  /** When the link came back, by the engine's clock, ms; infinite while it is away. */
  #backAt = 0;
  #sourceAhead = 0;
  #destinationAhead = 0;

  constructor(now: () => number) {
    this.#now = now;
    this.#reached = now();
    this.#receivedAt = now();
  }

  /** The stream is about to go on at what the source wrote at this time, ms since the epoch. */
  startsAt(at: number): void {
    this.#reached = at;
    this.#live = false;
    this.#receivedAt = Math.max(this.#receivedAt, at);
  }

  /** The link to the source was lost: what comes next may be old. */
  interrupted(): void {
    this.#live = false;
    this.#backAt = Number.POSITIVE_INFINITY;
  }

  /** The link to the source stands again: what the source has written meanwhile is about to come. */
  linked(): void {
    this.#backAt = this.#now();
  }

  /** False where no heartbeat is written. */
  setHeartbeats(written: boolean): void {
    this.#heartbeats = written;
  }

  /** How far the servers' clocks are ahead of the engine's, ms; negative where they are behind. */
  setAhead(ahead: { readonly source: number; readonly destination: number }): void {
    this.#sourceAhead = ahead.source;
    this.#destinationAhead = ahead.destination;
  }

  /** What the source's clock says now, as well as it is known; ms since the epoch. */
  get sourceNow(): number {
    return this.#now() + this.#sourceAhead;
  }

  /** What the destination's clock says now, as well as it is known; ms since the epoch. */
  get destinationNow(): number {
    return this.#now() + this.#destinationAhead;
  }

  /** Bytes have come from the source. After a silence in which a heartbeat was due they are as old as that. */
  bytesReceived(): void {
    const now = this.#now();
    if (this.#heartbeats && now - this.#receivedAt >= SILENT_MS) {
      this.#live = false;
      this.#reached = Math.min(this.#reached, this.#receivedAt);
    }
    this.#receivedAt = now;
  }

  heartbeatSeen(at: number): void {
    this.#live = this.#now() - at < FRESH_MS;
    // An old one says that what was taken for the present was not.
    if (at > this.#reached || !this.#live) this.#reached = at;
  }

  /** All that the source has sent is read. */
  inputDrained(): void {
    const now = this.#now();
    if (!this.#heartbeats) {
      if (now - this.#backAt > CAUGHT_UP_MS) this.#reached = now;
    } else if (this.#live && now - this.#receivedAt < SILENT_MS) this.#reached = now;
  }

  /** How far the stream is behind the present at most, ms. */
  get behindMs(): number {
    return Math.max(0, this.#now() - this.#reached);
  }

  /** The stream is applied as it comes. */
  get live(): boolean {
    return this.behindMs < LIVE_MS;
  }

  /** The time, by its own clock, at which the source ran the command at hand, as well as it is known; ms since the epoch. */
  get sourceTime(): number {
    return this.live ? this.sourceNow : this.#reached + HEARTBEAT_MS / 2 + this.#sourceAhead;
  }
}

/** Less than this behind counts as live, ms. */
const LIVE_MS = 250;
