import { checkOf, formatBytes } from "./check-result.ts";
import type { Check } from "./precheck-report.ts";

/** Redis' own defaults for replicas, in bytes. */
const defaultHard = 256 * 1024 * 1024;
const defaultSoft = 64 * 1024 * 1024;

/** The shard does not cut off a replica sooner than it does by default. */
export const checkOutputBuffer: Check = ({ shards }) =>
  shards.flatMap((shard) => {
    const setting = shard.settings.get("client-output-buffer-limit");
    const limit = /(?:slave|replica) (\d+) (\d+) (\d+)/.exec(setting ?? "");
    if (limit === null || shard.failure !== null) return [];
    const [hard = 0, soft = 0, seconds = 0] = limit.slice(1).map(Number);
    const check = checkOf(
      "output-buffer",
      { ok: "Output buffer for replicas is large enough", found: "Output buffer for replicas is small" },
      shard.subject,
    );
    const current =
      `${hard === 0 ? "no hard limit" : formatBytes(hard)}, ` +
      `${soft === 0 ? "no soft limit" : `${formatBytes(soft)} for ${seconds} s`}`;
    const small = (hard > 0 && hard < defaultHard) || (soft > 0 && soft < defaultSoft);
    if (!small) return [check.ok("It is at least Redis' default.", current)];
    return [
      check.warning(
        "The master drops a replica that falls behind by this much, which can happen while it saves its RDB.",
        `CONFIG SET client-output-buffer-limit "replica ${defaultHard} ${defaultSoft} 60" (slave instead of replica before 5.0)`,
        current,
      ),
    ];
  });
