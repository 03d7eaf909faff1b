"use client";

import { ArrowRight, Plus, Trash2 } from "lucide-react";
import { useController, useFieldArray, useFormContext, useFormState, useWatch } from "react-hook-form";
import { Button } from "@/components/controls/button";
import { FieldError } from "@/components/controls/field";
import { IconButton } from "@/components/controls/icon-button";
import { TextInput } from "@/components/controls/text-input";
import { FormChoices } from "@/components/form/form-choices";
import { Folded } from "./folded";
import { databaseOf } from "./split-credentials";
import { newPair, type TaskForm } from "./task-form";

/**
 * Which databases are copied and where to; folded away, since the default is right for a Twemproxy pool.
 * @param redisDb the chosen pool's redis_db; null without a pool.
 */
export function DatabasesSection({ redisDb }: { redisDb: number | null }) {
  const { control } = useFormContext<TaskForm>();
  const [databases, destination] = useWatch({ control, name: ["databases", "destination.address"] });
  const { errors } = useFormState({ control, name: "pairs" });
  const choices = [
    {
      value: "default" as const,
      label: "The default",
      help: defaultText(redisDb, databaseOf(destination)),
    },
    {
      value: "all" as const,
      label: "Every database",
      help: "Each source database that has keys goes to the same number.",
    },
    {
      value: "pairs" as const,
      label: "Chosen databases",
      help: "Only those that you list, each to a database of its own.",
    },
  ];
  return (
    <Folded
      title="Databases"
      note={databases === "default" ? choices[0]!.help : "changed"}
      held={errors.pairs !== undefined}
    >
      <div className="mt-3">
        <FormChoices<TaskForm, TaskForm["databases"]>
          name="databases"
          legend="Databases"
          quiet
          choices={choices}
        />
      </div>
      {databases === "pairs" && <Pairs />}
    </Folded>
  );
}

function Pairs() {
  const { control, getValues } = useFormContext<TaskForm>();
  const { fields, append, remove } = useFieldArray({ control, name: "pairs" });
  return (
    <div className="mt-3 ml-6">
      <ol className="space-y-2">
        {fields.map(({ id }, index) => (
          <li key={id}>
            <Pair index={index} onRemove={fields.length === 1 ? undefined : () => remove(index)} />
          </li>
        ))}
      </ol>
      <Button small className="mt-2.5" onClick={() => append(newPair(getValues("pairs")))}>
        <Plus className="size-4" aria-hidden />
        Add a database
      </Button>
    </div>
  );
}

function Pair({ index, onRemove }: { index: number; onRemove: (() => void) | undefined }) {
  const { control } = useFormContext<TaskForm>();
  const source = useController({ control, name: `pairs.${index}.source` });
  const destination = useController({ control, name: `pairs.${index}.destination` });
  const error = (source.fieldState.error ?? destination.fieldState.error)?.message;
  return (
    <>
      <div className="flex items-center gap-2">
        <TextInput
          {...source.field}
          aria-label={`Source database ${index + 1}`}
          inputMode="numeric"
          className="num max-w-20"
          aria-invalid={source.fieldState.invalid || undefined}
        />
        <ArrowRight className="size-4 text-ink-3" role="img" aria-label="to" />
        <TextInput
          {...destination.field}
          aria-label={`Destination database ${index + 1}`}
          inputMode="numeric"
          className="num max-w-20"
          aria-invalid={destination.fieldState.invalid || undefined}
        />
        <IconButton label={`Remove pair ${index + 1}`} disabled={onRemove === undefined} onClick={onRemove}>
          <Trash2 />
        </IconButton>
      </div>
      {error !== undefined && (
        <div className="mt-1">
          <FieldError text={error} />
        </div>
      )}
    </>
  );
}

function defaultText(redisDb: number | null, destinationDb: number | null): string {
  if (redisDb !== null) return `the pool's database ${redisDb} to database ${destinationDb ?? 0}`;
  return destinationDb === null
    ? "every database to the same number"
    : `database 0 to database ${destinationDb}`;
}
