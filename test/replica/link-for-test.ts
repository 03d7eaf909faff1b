import { onTestFinished } from "vitest";
import {
  openReplicaLink,
  type ReplicaLink,
  type ReplicaLinkOptions,
} from "../../server/replica/replica-link.ts";
import { endpointOf } from "./endpoint-of.ts";
import { RecordingSink } from "./recording-sink.ts";

export type LinkForTest = { link: ReplicaLink; sink: RecordingSink };

/** Opens a link to 127.0.0.1 that acknowledges what it has received; it is closed when the test ends. */
export async function openLink(
  port: number,
  options: Partial<ReplicaLinkOptions> = {},
): Promise<LinkForTest> {
  const sink = new RecordingSink();
  let opened: ReplicaLink | null = null;
  const link = await openReplicaLink({
    endpoint: endpointOf(port),
    role: "shard a",
    resume: null,
    sink,
    ackOffset: () => opened?.receivedOffset() ?? 0n,
    ...options,
  });
  opened = link;
  onTestFinished(() => link.close());
  return { link, sink };
}
