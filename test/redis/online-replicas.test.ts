import { expect, test } from "vitest";
import { onlineReplicas } from "../../server/redis/online-replicas.ts";
import { parseInfo } from "../../server/redis/server-info.ts";

test("names the replicas that are online, the one that has received most first", () => {
  const info = parseInfo(
    [
      "# Replication",
      "role:master",
      "slave0:ip=10.0.0.1,port=6380,state=online,offset=90,lag=0",
      "slave1:ip=10.0.0.2,port=6381,state=wait_bgsave,offset=0,lag=0",
      "slave2:ip=10.0.0.3,port=6382,state=online,offset=100,lag=1",
      "slave3:ip=,port=0,state=online,offset=100,lag=1",
    ].join("\r\n"),
  );
  expect(onlineReplicas(info)).toEqual([
    { host: "10.0.0.3", port: 6382 },
    { host: "10.0.0.1", port: 6380 },
  ]);
});
