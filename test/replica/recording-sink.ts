import type { ReplicaSink } from "../../server/replica/replica-sink.ts";

/** A sink that keeps all it is given, for comparing. */
export class RecordingSink implements ReplicaSink {
  readonly totals: (number | null)[] = [];
  rdbEnds = 0;
  readonly #rdb: Buffer[] = [];
  readonly #stream: Buffer[] = [];

  rdbBegin(total: number | null): void {
    this.totals.push(total);
  }

  rdbBytes(chunk: Uint8Array): void {
    this.#rdb.push(Buffer.from(chunk));
  }

  rdbEnd(): void {
    this.rdbEnds++;
  }

  streamBytes(chunk: Uint8Array): void {
    this.#stream.push(Buffer.from(chunk));
  }

  get rdb(): Buffer {
    return Buffer.concat(this.#rdb);
  }

  get stream(): Buffer {
    return Buffer.concat(this.#stream);
  }
}
