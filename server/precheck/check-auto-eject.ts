import { checkOf } from "./check-result.ts";
import type { Check } from "./precheck-report.ts";

/**
 * nutcracker keeps each key on its own shard. With auto_eject_hosts it takes a server that fails out of the ring for a
 * while, and reads and writes that server's keys on the others meanwhile (twemproxy: nc_server.c server_failure).
 */
export const checkAutoEject: Check = ({ autoEjectHosts }) => {
  if (autoEjectHosts === null) return [];
  const titles = { ok: "No shard is ejected", found: "Shards are ejected (auto_eject_hosts)" };
  const check = checkOf("auto-eject", titles, "task");
  if (!autoEjectHosts)
    return [check.ok("Each key has always been on its own shard.", "auto_eject_hosts: false")];
  return [
    check.warning(
      "While nutcracker leaves a shard out that fails, it writes the shard's keys to the others. Such copies stay there: one key may lie on several shards. The value of the shard that owns the key wins; what was written to the other meanwhile is not in it.",
      "Set auto_eject_hosts: false and restart nutcracker before you start. The task's merge policy says what becomes of the copies (docs/merging.md).",
      "auto_eject_hosts: true",
    ),
  ];
};
