import { releaseOf } from "../redis/server-info.ts";
import { checkOf } from "./check-result.ts";
import type { Check } from "./precheck-report.ts";

/** The destination is a kind of server that can be written to: standalone, 2.8 or later. */
export const checkDestinationKind: Check = ({ destination }) => {
  const { facts, address, subject } = destination;
  if (facts === null || destination.failure !== null) return [];
  const check = checkOf(
    "destination-supported",
    { ok: "Destination supported", found: "Destination not supported" },
    subject,
  );
  if (facts.mode === "cluster") {
    return [check.error("DESTINATION_UNSUPPORTED", { address, detail: "it is a Redis Cluster" }, "cluster")];
  }
  if (releaseOf(facts.redisVersion) < 208) {
    const detail = `its version is ${facts.version || "unknown"}`;
    return [check.error("DESTINATION_UNSUPPORTED", { address, detail }, facts.version)];
  }
  return [check.ok("It is a standalone server.", `${facts.flavor} ${facts.version}`)];
};
