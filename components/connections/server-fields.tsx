"use client";

import { useFormContext, useWatch } from "react-hook-form";
import { TextInput } from "@/components/controls/text-input";
import { FormField } from "@/components/form/form-field";
import { AddressFields } from "@/components/new-task/address-fields";
import type { ConnectionsView } from "@/server/control/supervisor/change-connections";
import { type ConnectionsForm, type Effect, effectOf } from "./connections-changed";

type ServerFieldsProps = {
  path: "destination" | `shards.${number}`;
  title: string;
  former: ConnectionsView["destination"];
};

/** One server: where it is, how to sign in, and what saving costs. */
export function ServerFields({ path, title, former }: ServerFieldsProps) {
  const { control, register } = useFormContext<ConnectionsForm>();
  const server = useWatch({ control, name: path });
  const effect = effectOf(server, former);
  return (
    <section>
      <h2 className="mb-3 flex flex-wrap items-baseline gap-x-2.5 text-[0.9375rem] font-semibold tracking-[-0.01em] break-words">
        {title}
        {effect !== "none" && <span className="text-xs font-normal text-river">changed</span>}
      </h2>
      <AddressFields
        label="Address"
        path={path}
        note={effect === "moves" ? `was ${former.address}` : undefined}
        passwordHint={former.hasPassword ? "unchanged" : "none"}
      />
      {path !== "destination" && (
        <FormField<ConnectionsForm>
          name={`${path}.further`}
          label="Replicas or Sentinels"
          optional
          className="mt-4"
          help="host:port,host2:port or redis+sentinel://host:26379/mymaster; followed at a failover"
        >
          {(field) => <TextInput {...field} mono inputMode="url" placeholder="none" />}
        </FormField>
      )}
      {former.hasPassword && (
        <label className="mt-3 inline-flex items-center gap-2 text-[0.8125rem] text-ink-2">
          <input type="checkbox" {...register(`${path}.withoutPassword`)} className="size-4 accent-river" />
          It asks for no password any more
        </label>
      )}
      {effect !== "none" && (
        <p role="status" className="mt-3 rounded-lg bg-sunken px-3 py-2 text-[0.8125rem] text-pretty">
          {costText(effect, path === "destination")}
        </p>
      )}
    </section>
  );
}

/** What it costs to save, in a sentence. */
function costText(effect: Effect, destination: boolean): string {
  if (effect === "reconnects") return "Costs a reconnect. Nothing is copied again.";
  return destination
    ? "Costs a reconnect where this is the same destination at another address. A server to which this task has copied nothing is refused."
    : "Costs a reconnect where the server at the new address continues this shard's replication history, as after a failover. Otherwise the shard is copied again.";
}
