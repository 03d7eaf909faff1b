import { TributaryError } from "../errors/tributary-error.ts";

/** A team's pages and their tabs; each page opens two or three views on one socket. */
const MOST_SOCKETS = 64;
const MOST_VIEWS = 256;
const MOST_VIEWS_OF_SOCKET = 16;
/** Bytes that wait for a browser: one that does not read gets no further snapshots, and so costs no more memory. */
const MOST_UNREAD = 1024 * 1024;
/** All live views together may take a tenth of the main thread. */
const SHARE = 10;

/** What is known of a WebSocket, as tRPC's context carries it to the views on it. */
export type LiveSocket = { views: number; readonly unread: () => number };

/** Bounds what open pages can cost: sockets, the views on them, and the time and memory that these take. */
export class LiveLimits {
  #views = 0;

  /** Whether one more socket may be opened beside `open` others. */
  admits(open: number): boolean {
    return open < MOST_SOCKETS;
  }

  /** Counts a view until the returned function is called. @throws TributaryError TOO_MANY_REQUESTS */
  open(socket: LiveSocket): () => void {
    if (socket.views >= MOST_VIEWS_OF_SOCKET || this.#views >= MOST_VIEWS)
      throw new TributaryError("TOO_MANY_REQUESTS", { what: "live views", seconds: 5 });
    this.#views++;
    socket.views++;
    return () => {
      this.#views--;
      socket.views--;
    };
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
