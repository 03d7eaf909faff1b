import { checkOf } from "./check-result.ts";
import type { Check } from "./precheck-report.ts";

/** Values of modules cannot be copied. */
export const checkModules: Check = ({ shards }) =>
  shards.flatMap((shard) => {
    if (shard.facts === null || shard.failure !== null) return [];
    const check = checkOf("modules", "Modules", shard.subject);
    if (shard.facts.modules.length === 0) return [check.ok("No module is loaded.")];
    return [
      check.warning(
        "Keys whose value belongs to a module are not copied; they are listed with the skipped commands.",
        "Nothing, unless the modules' data is needed: then copy it by other means.",
        shard.facts.modules.join(", "),
      ),
    ];
  });
