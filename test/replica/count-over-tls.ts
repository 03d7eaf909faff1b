import { Crc64 } from "../../server/redis/crc64.ts";
import { openReplicaLink } from "../../server/replica/replica-link.ts";
import { endpointOf } from "./endpoint-of.ts";
import { RecordingSink } from "./recording-sink.ts";

/** A program of its own, since NODE_EXTRA_CA_CERTS is read at the start: says what comes over TLS. */
class TalkingSink extends RecordingSink {
  override rdbEnd(): void {
    const { rdb } = this;
    const checksum = new Crc64();
    checksum.update(rdb, 0, rdb.length - 8);
    console.log(checksum.matches(rdb, rdb.length - 8) ? "rdb whole" : "rdb broken");
  }

  override streamBytes(chunk: Uint8Array): void {
    super.streamBytes(chunk);
    if (this.stream.includes("the end")) console.log("the end");
  }
}

void openReplicaLink({
  endpoint: endpointOf(Number(process.argv[2]), { tls: true }),
  role: "shard a",
  resume: null,
  sink: new TalkingSink(),
  ackOffset: () => 0n,
});
