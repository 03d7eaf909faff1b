import type { ReplyHandler } from "../../redis/reply-scanner.ts";

/** The handler of a session's replies changes from the initial sync to the stream: this one passes them on. */
export class ReplySwitch implements ReplyHandler {
  to: ReplyHandler | null = null;

  value(depth: number, empty: boolean): boolean {
    return this.to?.value(depth, empty) ?? false;
  }

  text(depth: number, text: string): void {
    this.to?.text(depth, text);
  }

  error(depth: number, text: string): void {
    this.to?.error(depth, text);
  }

  array(depth: number, count: number): void {
    this.to?.array(depth, count);
  }

  arrayEnd(): void {
    this.to?.arrayEnd();
  }
}
