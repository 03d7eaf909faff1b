"use client";

import { useFormContext, useFormState } from "react-hook-form";
import { Field, FieldError } from "@/components/controls/field";
import { TextInput } from "@/components/controls/text-input";
import { formatPlural } from "@/components/format/count";
import { Folded } from "./folded";
import type { Pool } from "./pool-picker";
import type { TaskForm } from "./task-form";
import { usePoolChoices } from "./use-pool-choices";

/** How several servers of a shard, or its Sentinels, are written. */
export function AddressExamples() {
  return (
    <span className="mt-1 block space-y-0.5 font-mono text-[0.6875rem] leading-4 break-words text-ink-2">
      <span className="block">10.0.0.21:6379,10.0.0.22:6379</span>
      <span className="block">
        redis+sentinel://10.0.0.31:26379,
        <wbr />
        10.0.0.32:26379/mymaster
      </span>
    </span>
  );
}

/** Replicas or Sentinels of the pool's servers; folded away, since nutcracker.yml names the masters only. */
export function FurtherAddresses({ pool }: { pool: Pool }) {
  const { control } = useFormContext<TaskForm>();
  const { errors } = useFormState({ control, name: "ofPool.further" });
  const [{ further }, choose] = usePoolChoices(pool);
  const servers = pool.servers.filter(({ sameAs }) => sameAs === null);
  const given = servers.filter(({ name }) => further[name]?.trim()).length;
  const error = errors.ofPool?.further?.message;
  return (
    <Folded
      title="Replicas or Sentinels"
      note={given === 0 ? "none, so failovers are not followed" : `of ${formatPlural(given, "shard")}`}
      held={error !== undefined}
      className="mt-5"
    >
      <p className="mt-3 text-xs text-ink-3">
        When a master fails over, its shard goes on at the new one. Give the other servers of a shard, or its
        Sentinels with the master's name:
        <AddressExamples />
      </p>
      <div className="mt-3 grid gap-x-4 gap-y-3 sm:grid-cols-2">
        {servers.map(({ name, address }) => (
          <Field key={name} label={name} help={name === address ? undefined : `beside ${address}`}>
            {(control) => (
              <TextInput
                {...control}
                mono
                inputMode="url"
                placeholder="none"
                aria-invalid={(error !== undefined && further[name] !== undefined) || undefined}
                value={further[name] ?? ""}
                onChange={(event) => choose({ further: { ...further, [name]: event.target.value } })}
              />
            )}
          </Field>
        ))}
      </div>
      {typeof error === "string" && (
        <div className="mt-2">
          <FieldError text={error} />
        </div>
      )}
    </Folded>
  );
}
