import { checkOf } from "./check-result.ts";
import type { Check } from "./precheck-report.ts";

/** Valkey 9 runs scripts by a module, which has no values. */
const WITHOUT_VALUES = "lua";
/** Vector sets, which Redis 8 brings along: copied to a destination that has them. */
const VECTOR_SETS = "vectorset";

/** Values of other modules cannot be copied. */
export const checkModules: Check = ({ shards, destination }) =>
  shards.flatMap((shard) => {
    if (shard.facts === null || shard.failure !== null) return [];
    const check = checkOf(
      "modules",
      { ok: "No values of modules", found: "Values of modules are not copied" },
      shard.subject,
    );
    const there = destination.facts?.modules ?? [];
    const modules = shard.facts.modules.filter(
      (name) => name !== WITHOUT_VALUES && !(name === VECTOR_SETS && there.includes(name)),
    );
    if (modules.length === 0) return [check.ok("No module is loaded whose values cannot be copied.")];
    return [
      check.warning(
        "Keys whose value belongs to a module are not copied; they are listed with the skipped commands.",
        "Nothing, unless the modules' data is needed: then copy it by other means.",
        modules.join(", "),
      ),
    ];
  });
