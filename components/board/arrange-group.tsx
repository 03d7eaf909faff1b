"use client";

import { ArrowUp, Trash2, X } from "lucide-react";
import { useController, useFormContext, useWatch } from "react-hook-form";
import { Card } from "@/components/controls/card";
import { Field } from "@/components/controls/field";
import { IconButton } from "@/components/controls/icon-button";
import { inputLook, TextInput } from "@/components/controls/text-input";
import { FormField } from "@/components/form/form-field";
import { cx } from "@/components/format/cx";
import type { Arrangement, NamedTask } from "./arrangement";

type ArrangeGroupProps = {
  index: number;
  tasks: readonly NamedTask[];
  /** null for the first. */
  onUp: (() => void) | null;
  onRemove: () => void;
};

/** One heading of the status page with its tasks. */
export function ArrangeGroup({ index, tasks, onUp, onRemove }: ArrangeGroupProps) {
  const { control } = useFormContext<Arrangement>();
  const { field } = useController({ control, name: `groups.${index}.taskIds` });
  const groups = useWatch({ control, name: "groups" });
  const taken = new Set(groups.flatMap(({ taskIds }) => taskIds));
  const free = tasks.filter(({ id }) => !taken.has(id));
  const name = groups[index]?.name.trim() || `group ${index + 1}`;
  return (
    <Card className="h-full p-4">
      <div className="flex items-start gap-1">
        <FormField<Arrangement> name={`groups.${index}.name`} label="Group" className="flex-1">
          {(given) => <TextInput {...given} maxLength={80} placeholder="Such as Shop, or Europe" />}
        </FormField>
        <div className="flex pt-6.5">
          <IconButton label={`Move ${name} up`} disabled={onUp === null} onClick={onUp ?? undefined}>
            <ArrowUp />
          </IconButton>
          <IconButton label={`Remove ${name}`} onClick={onRemove}>
            <Trash2 />
          </IconButton>
        </div>
      </div>
      <ul aria-label={`Tasks of ${name}`} className="mt-3 flex flex-wrap gap-1.5">
        {field.value.map((id) => {
          const task = tasks.find((one) => one.id === id)?.name ?? id;
          return (
            <li
              key={id}
              className="inline-flex max-w-full items-center gap-1 rounded-full bg-idle-soft py-0.5 pr-1 pl-3 text-[0.8125rem]"
            >
              <span className="truncate">{task}</span>
              <button
                type="button"
                aria-label={`Take ${task} out of ${name}`}
                onClick={() => field.onChange(field.value.filter((other) => other !== id))}
                className="inline-flex size-6 items-center justify-center rounded-full text-ink-2 hover:bg-ink/7 hover:text-ink"
              >
                <X className="size-3.5" aria-hidden />
              </button>
            </li>
          );
        })}
      </ul>
      <Field label="Add a task" className="mt-3">
        {(given) => (
          <select
            {...given}
            value=""
            disabled={free.length === 0}
            onChange={(event) => field.onChange([...field.value, event.target.value])}
            className={cx(inputLook, "h-9")}
          >
            <option value="" disabled>
              {free.length === 0 ? "Every task is in a group" : "Choose a task"}
            </option>
            {free.map((task) => (
              <option key={task.id} value={task.id}>
                {task.name}
              </option>
            ))}
          </select>
        )}
      </Field>
    </Card>
  );
}
