"use client";

import { Choices } from "@/components/controls/choices";
import { Folded } from "./folded";
import type { TaskForm } from "./task-form";

type OptionsSectionProps = {
  form: Pick<TaskForm, "publish" | "onDestinationDataLost">;
  onChange: (patch: Partial<TaskForm>) => void;
};

const publish = [
  {
    value: "forward",
    label: "Publish them on the destination",
    help: "Subscribers of the destination hear the messages of every shard.",
  },
  {
    value: "skip",
    label: "Leave them out",
    help: "They are counted among the skipped commands of each shard.",
  },
] as const;

const dataLost = [
  {
    value: "resync",
    label: "Synchronize the shard again from its start",
    help: "For a destination that was flushed, or restarted without its data.",
  },
  {
    value: "stop",
    label: "Stop and wait for you",
    help: "Nothing is written until you have looked and start the task again.",
  },
] as const;

/** Choices whose defaults suit most tasks; folded away. */
export function OptionsSection({ form, onChange }: OptionsSectionProps) {
  const changed = form.publish !== "forward" || form.onDestinationDataLost !== "resync";
  return (
    <Folded title="Options" note={changed ? "changed" : "messages of PUBLISH, lost data"}>
      <div className="mt-3 grid gap-x-6 gap-y-4 sm:grid-cols-2">
        <Choices
          name="publish"
          legend="Messages that shards publish"
          choices={publish}
          value={form.publish}
          onChange={(value) => onChange({ publish: value })}
        />
        <Choices
          name="onDestinationDataLost"
          legend="When the destination has lost data"
          choices={dataLost}
          value={form.onDestinationDataLost}
          onChange={(value) => onChange({ onDestinationDataLost: value })}
        />
      </div>
    </Folded>
  );
}
