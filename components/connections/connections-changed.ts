import type { ConnectionsView } from "@/server/control/supervisor/change-connections";

export type ServerForm = {
  address: string;
  further: string;
  username: string;
  /** Empty keeps the one there is. */
  password: string;
  withoutPassword: boolean;
};

export type ConnectionsForm = {
  destination: ServerForm;
  shards: (ServerForm & { id: string })[];
};

export function formOf({ destination, shards }: ConnectionsView): ConnectionsForm {
  return {
    destination: serverForm(destination),
    shards: shards.map((shard) => ({ id: shard.id, ...serverForm(shard) })),
  };
}

function serverForm({ address, further, username }: ConnectionsView["destination"]): ServerForm {
  return { address, further, username, password: "", withoutPassword: false };
}

/** What saving would do to a server. */
export type Effect = "none" | "reconnects" | "moves";

export function effectOf(form: ServerForm, former: ConnectionsView["destination"]): Effect {
  if (form.address.trim() !== former.address) return "moves";
  const same =
    form.further.trim() === former.further &&
    form.username.trim() === former.username &&
    form.password === "" &&
    !form.withoutPassword;
  return same ? "none" : "reconnects";
}

export function changedShards({ shards }: ConnectionsForm, former: ConnectionsView) {
  return shards.filter((shard, index) => effectOf(shard, former.shards[index]!) !== "none");
}

export function destinationChanged({ destination }: ConnectionsForm, former: ConnectionsView): boolean {
  return effectOf(destination, former.destination) !== "none";
}
