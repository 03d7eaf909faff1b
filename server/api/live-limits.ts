import { TributaryError } from "../errors/tributary-error.ts";

/** A team's pages and their tabs; each page opens two or three views on one socket. */
const MOST_SOCKETS = 64;
const MOST_VIEWS = 256;
const MOST_VIEWS_OF_SOCKET = 16;
/** Sockets of people without an account are counted apart: however many look, a team can work. */
const MOST_GUESTS = 64;
/** A guest's page has one view; another may open before the first has closed. */
const MOST_VIEWS_OF_GUEST = 2;
/** Bytes that wait for a browser: one that does not read gets no further snapshots, and so costs no more memory. */
const MOST_UNREAD = 1024 * 1024;
/** All live views together may take a tenth of the main thread. */
const SHARE = 10;

/** What is known of a WebSocket, as tRPC's context carries it to the views on it. */
export type LiveSocket = { views: number; readonly guest: boolean; readonly unread: () => number };

/** Bounds what open pages can cost: sockets, the views on them, and the time and memory that these take. */
export class LiveLimits {
  #views = 0;
  #guestViews = 0;

  /** Whether one more socket may be opened beside `open` others, all of guests or all of people. */
  admits(open: number, guest: boolean): boolean {
    return open < (guest ? MOST_GUESTS : MOST_SOCKETS);
  }

  /** Counts a view until the returned function is called. @throws TributaryError TOO_MANY_REQUESTS */
  open(socket: LiveSocket): () => void {
    const isFull = socket.guest
      ? socket.views >= MOST_VIEWS_OF_GUEST
      : socket.views >= MOST_VIEWS_OF_SOCKET || this.#views - this.#guestViews >= MOST_VIEWS;
    if (isFull) throw new TributaryError("TOO_MANY_REQUESTS", { what: "live views", seconds: 5 });
    const count = (by: number) => {
      this.#views += by;
      if (socket.guest) this.#guestViews += by;
      socket.views += by;
    };
    count(1);
    return () => count(-1);
  }

  /** Whether the browser reads what it is sent. */
  reads(socket: LiveSocket): boolean {
    return socket.unread() < MOST_UNREAD;
  }

  /** ms until a view's next snapshot, by the ms that the last one took to be made and sent. */
  pauseAfter(ms: number): number {
    return Math.max(1_000, ms * SHARE * this.#views);
  }
}
