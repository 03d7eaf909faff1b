"use client";

import { useFormContext, useWatch } from "react-hook-form";
import { FormChoices } from "@/components/form/form-choices";
import { Folded } from "./folded";
import type { TaskForm } from "./task-form";

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
export function OptionsSection() {
  const { control } = useFormContext<TaskForm>();
  const [messages, lost] = useWatch({ control, name: ["publish", "onDestinationDataLost"] });
  const changed = messages !== "forward" || lost !== "resync";
  return (
    <Folded title="Options" note={changed ? "changed" : "messages of PUBLISH, lost data"}>
      <div className="mt-3 grid gap-x-6 gap-y-4 sm:grid-cols-2">
        <FormChoices<TaskForm, TaskForm["publish"]>
          name="publish"
          legend="Messages that shards publish"
          choices={publish}
        />
        <FormChoices<TaskForm, TaskForm["onDestinationDataLost"]>
          name="onDestinationDataLost"
          legend="When the destination has lost data"
          choices={dataLost}
        />
      </div>
    </Folded>
  );
}
