import { expect, onTestFinished, test } from "vitest";
import { Spool } from "../../server/replica/spool.ts";
import { SpoolQuota } from "../../server/replica/spool-quota.ts";
import { temporaryFolder } from "../servers/index.ts";
import { seed } from "../sync/harness/check-property.ts";
import { seededRandom } from "../traffic/seeded-random.ts";
import { replid, startFakeMaster } from "./fake-master.ts";
import { openLink } from "./link-for-test.ts";

const mark = "8d1f6a0b8d1f6a0b8d1f6a0b8d1f6a0b8d1f6a0c";

function openSpool(name: string, retain: "all" | "applied"): Spool {
  const spool = new Spool({
    directory: temporaryFolder(),
    name,
    segmentBytes: 2048,
    memoryBytes: 16 * 1024,
    quota: new SpoolQuota(100 * 1024 * 1024),
    retain,
    onProblem: (problem) => {
      throw problem;
    },
  });
  onTestFinished(() => spool.close());
  return spool;
}

async function readAll(spool: Spool, length: number): Promise<Buffer> {
  const reader = spool.reader(0);
  const pieces: Buffer[] = [];
  while (reader.position < length) pieces.push(Buffer.from((await reader.read())!));
  reader.close();
  return Buffer.concat(pieces);
}

for (const framing of ["$<length>", "$EOF:"]) {
  test(`${framing}: what a master writes in any pieces is what the spools give`, async () => {
    const random = seededRandom(seed);
    const content = random.bytes(300_000);
    const commands = Buffer.concat([Buffer.from("*"), random.bytes(200_000)]);
    const [head, end] = framing === "$EOF:" ? [`$EOF:${mark}`, mark] : [`$${content.length}`, ""];
    const master = await startFakeMaster({ PSYNC: `+FULLRESYNC ${replid} 0` });
    const rdb = openSpool("rdb", "all");
    const stream = openSpool("stream", "applied");
    const sink = {
      rdbBegin: () => {},
      rdbBytes: (chunk: Uint8Array) => {
        rdb.append(chunk);
        hold(rdb);
      },
      rdbEnd: () => rdb.finish(),
      streamBytes: (chunk: Uint8Array) => {
        stream.append(chunk);
        hold(stream);
      },
    };
    const hold = (spool: Spool) => {
      if (!spool.full) return;
      link.pause();
      void spool.whenRoom().then(() => link.resume());
    };
    const { link } = await openLink(master.port, { sink });
    const bytes = Buffer.concat([Buffer.from(`${head}\r\n`), content, Buffer.from(end), commands]);
    const sending = master
      .replica()
      .sendInPieces(bytes, () => 1 + random.int(random.int(5) === 0 ? 40_000 : 500));
    const received = await Promise.all([readAll(rdb, content.length), readAll(stream, commands.length)]);
    await sending;
    expect(received[0].equals(content)).toBe(true);
    expect(received[1].equals(commands)).toBe(true);
    expect((await readAll(rdb, content.length)).equals(content)).toBe(true);
    expect(link.receivedOffset()).toBe(BigInt(commands.length));
  });
}
