import type { ShardEvent } from "../report/shard-report.ts";

const MINUTE_MS = 60_000;
/** Events of one type, and of all types, that are told one by one within a minute. */
const MOST_OF_TYPE = 20;
const MOST_OF_ALL = 100;
/** Types that are counted apart; a type comes from the code, so there are not so many. */
const MOST_TYPES = 200;

type Folded = { count: number; firstAt: number; last: ShardEvent };

/**
 * Lets so many events of a shard pass in a minute; of the rest, one event for each type says at the minute's end how
 * many there were, from when to when, and the last of them. A stream of FLUSHALL, say, is as many alerts as it likes.
 */
export class EventGate {
  readonly #now: () => number;
  #minuteFrom: number;
  #passed = new Map<string, number>();
  #all = 0;
  #folded = new Map<string, Folded>();
  #events: ShardEvent[] = [];

  constructor(now: () => number) {
    this.#now = now;
    this.#minuteFrom = now();
  }

  add(event: Omit<ShardEvent, "at">): void {
    const at = this.#now();
    this.#turn(at);
    const passed = this.#passed.get(event.type) ?? 0;
    if (passed < MOST_OF_TYPE && this.#all < MOST_OF_ALL) {
      this.#passed.set(event.type, passed + 1);
      this.#all++;
      this.#events.push({ at, ...event });
      return;
    }
    const folded = this.#folded.get(event.type);
    if (folded !== undefined) {
      folded.count++;
      folded.last = { at, ...event };
    } else if (this.#folded.size < MOST_TYPES) {
      this.#folded.set(event.type, { count: 1, firstAt: at, last: { at, ...event } });
    }
  }

  /** What is to be told now. @param ending there is no later call: what was folded is told, too. */
  take(ending: boolean): ShardEvent[] {
    this.#turn(this.#now(), ending);
    const events = this.#events;
    this.#events = [];
    return events;
  }

  #turn(now: number, ending = false): void {
    // A clock that was set back must not keep the minute from ending.
    if (!ending && now - this.#minuteFrom < MINUTE_MS && now >= this.#minuteFrom) return;
    this.#minuteFrom = now;
    this.#passed.clear();
    this.#all = 0;
    for (const { count, firstAt, last } of this.#folded.values()) {
      const more = `${count.toLocaleString("en-US")} more of these from ${clock(firstAt)} to ${clock(last.at)}`;
      this.#events.push({ ...last, message: `${last.message} (${more}; this is the last.)` });
    }
    this.#folded.clear();
  }
}

function clock(at: number): string {
  return new Date(at).toISOString().slice(11, 19);
}
