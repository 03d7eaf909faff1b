"use client";

import { FieldError } from "@/components/controls/field";
import { formatPlural } from "@/components/format/count";
import { cx } from "@/components/format/cx";
import type { Outputs } from "@/components/live/trpc";

export type Pool = Outputs["source"]["parseNutcracker"]["pools"][number];

type PoolPickerProps = {
  pools: readonly Pool[];
  value: string;
  error: string | undefined;
  onChange: (pool: string) => void;
};

/** The pools of the file with their servers; those that are not Redis pools cannot be chosen. */
export function PoolPicker({ pools, value, error, onChange }: PoolPickerProps) {
  if (pools.length === 0) return null;
  return (
    <fieldset className="mt-5">
      <legend className="mb-1.5 text-[0.8125rem] font-medium">Pool</legend>
      <div className="grid gap-3 sm:grid-cols-2">
        {pools.map((pool) => (
          <label
            key={pool.name}
            className={cx(
              "flex min-w-0 items-start gap-3 rounded-xl border px-3.5 py-3 transition-colors has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-river-line",
              pool.name === value ? "border-river bg-river-soft/60" : "border-line-strong/50",
              pool.redis ? "cursor-pointer hover:border-river-line" : "cursor-not-allowed opacity-60",
            )}
          >
            <input
              type="radio"
              name="pool"
              value={pool.name}
              checked={pool.name === value}
              disabled={!pool.redis}
              aria-invalid={error !== undefined || undefined}
              onChange={() => onChange(pool.name)}
              className="mt-1 accent-(--river) focus-visible:outline-none"
            />
            <span className="min-w-0">
              <span className="block font-medium break-words">{pool.name}</span>
              <span className="mt-0.5 block text-xs text-ink-2">
                {pool.redis
                  ? `${shardsText(pool)}, ${pool.distribution}, ${pool.hash}, db ${pool.redisDb}`
                  : "a memcached pool (redis: true is missing)"}
              </span>
              <span className="mt-1.5 block font-mono text-[0.6875rem] leading-4 break-all text-ink-2">
                {pool.servers.slice(0, 6).map((server) => (
                  <span key={server.name} className="block">
                    {serverText(server)}
                  </span>
                ))}
                {pool.servers.length > 6 && (
                  <span className="block font-sans">and {pool.servers.length - 6} more</span>
                )}
              </span>
            </span>
          </label>
        ))}
      </div>
      {pools.filter((pool) => pool.redis).length > 1 && (
        <p className="mt-2.5 text-xs text-ink-2">
          A task takes one pool. Make a task for each of the others, also into the same destination: no task
          removes what another brought. Pools that share key names need a database each, which is offered
          before the start.
        </p>
      )}
      {error !== undefined && (
        <div className="mt-1.5">
          <FieldError text={error} />
        </div>
      )}
    </fieldset>
  );
}

/** e.g. "2 shards under 8 names": several names of one server are one shard. */
function shardsText({ servers }: Pool): string {
  const shards = servers.filter(({ sameAs }) => sameAs === null).length;
  const names = servers.length === shards ? "" : ` under ${servers.length} names`;
  return `${formatPlural(shards, "shard")}${names}`;
}

function serverText({ name, address }: Pool["servers"][number]): string {
  return name === address ? address : `${name}  ${address}`;
}
