"use client";

import { useFormContext, useWatch } from "react-hook-form";
import { FormChoices } from "@/components/form/form-choices";
import { Folded } from "./folded";
import type { TaskForm } from "./task-form";

const publish = [
  {
    value: "forward",
    label: "Publish them on the destination, too",
    help: "Subscribers of the destination receive the messages of every shard.",
  },
  {
    value: "skip",
    label: "Skip them",
    help: "They count as skipped commands of their shard.",
  },
] as const;

const dataLost = [
  {
    value: "resync",
    label: "Copy the shard again from the beginning",
    help: "For a destination that was flushed, or restarted without its data.",
  },
  {
    value: "stop",
    label: "Stop and wait",
    help: "Nothing is written until you start the task again.",
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
          legend="Messages published on the shards"
          choices={publish}
        />
        <FormChoices<TaskForm, TaskForm["onDestinationDataLost"]>
          name="onDestinationDataLost"
          legend="If the destination loses data"
          choices={dataLost}
        />
      </div>
    </Folded>
  );
}
