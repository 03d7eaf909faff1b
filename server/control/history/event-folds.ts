import type { EventView } from "../views/task-view.ts";

export type FoldedEvent = Pick<EventView, "shardId" | "level" | "type" | "message" | "at">;

/** ms: what happens again within this time is the same matter still. The longest pause between retries is shorter. */
const SAME_MATTER = 3_600_000;
/** Sentences of one type that are told apart for a shard: more come only from who makes them up. */
const MOST_SENTENCES = 20;

/**
 * Which event another one repeats. Retries say the same again and again, for each shard: as events of their own they
 * would bury what happened once.
 */
export class EventFolds {
  /** By shard and type: the latest event of each sentence. */
  readonly #latest = new Map<string, Map<string, EventView>>();

  /** The event that `event` is a repetition of; null where it is news. */
  repeated(event: FoldedEvent): EventView | null {
    // What a user does to a task is told step by step.
    if (event.shardId === null) return null;
    const sentences = this.#sentences(event);
    const latest = sentences.get(this.#sentence(event, sentences));
    if (latest === undefined || event.at - latest.at > SAME_MATTER) return null;
    // What was seen and happens again is to be seen again.
    return latest.level === "alert" && latest.seen ? null : latest;
  }

  remember(event: EventView): void {
    if (event.shardId === null) return;
    const sentences = this.#sentences(event);
    sentences.set(this.#sentence(event, sentences), event);
  }

  #sentences({ shardId, level, type }: FoldedEvent): Map<string, EventView> {
    const key = `${shardId} ${level} ${type}`;
    let sentences = this.#latest.get(key);
    if (sentences === undefined) {
      sentences = new Map();
      this.#latest.set(key, sentences);
    }
    return sentences;
  }

  /** Offsets, ports and seconds make no other sentence. An alert may name a key: it is taken word by word. */
  #sentence({ level, message }: FoldedEvent, sentences: ReadonlyMap<string, EventView>): string {
    const sentence = level === "alert" ? message : message.replace(/\d[\d,.]*/g, "#");
    return sentences.has(sentence) || sentences.size < MOST_SENTENCES ? sentence : "";
  }
}
