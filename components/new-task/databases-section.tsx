"use client";

import { ArrowRight, Plus, Trash2 } from "lucide-react";
import { Button } from "@/components/controls/button";
import { FieldError } from "@/components/controls/field";
import { IconButton } from "@/components/controls/icon-button";
import { TextInput } from "@/components/controls/text-input";
import { Folded } from "./folded";
import { databaseOf } from "./split-credentials";
import { type FormErrors, newPair, type TaskForm } from "./task-form";

type DatabasesSectionProps = {
  form: Pick<TaskForm, "databases" | "pairs" | "destination" | "kind">;
  /** The chosen pool's redis_db; null without a pool. */
  redisDb: number | null;
  errors: FormErrors;
  onChange: (patch: Partial<TaskForm>) => void;
};

/** Which databases are copied and where to; folded away, since the default is right for a Twemproxy pool. */
export function DatabasesSection({ form, redisDb, errors, onChange }: DatabasesSectionProps) {
  const choices = [
    {
      value: "default",
      label: "The default",
      help: defaultText(redisDb, databaseOf(form.destination.address)),
    },
    {
      value: "all",
      label: "Every database",
      help: "Each source database that has keys goes to the same number.",
    },
    {
      value: "pairs",
      label: "Chosen databases",
      help: "Only those that you list, each to a database of its own.",
    },
  ] as const;
  return (
    <Folded
      title="Databases"
      note={form.databases === "default" ? choices[0].help : "changed"}
      held={Object.keys(errors).some((path) => path.startsWith("pairs."))}
    >
      <fieldset className="mt-3 space-y-2.5">
        <legend className="sr-only">Databases</legend>
        {choices.map((choice) => (
          <label key={choice.value} className="flex cursor-pointer items-start gap-2.5">
            <input
              type="radio"
              name="databases"
              checked={form.databases === choice.value}
              onChange={() => onChange({ databases: choice.value })}
              className="mt-1 accent-(--river)"
            />
            <span>
              {choice.label}
              <span className="block text-xs text-ink-3">{choice.help}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {form.databases === "pairs" && <Pairs pairs={form.pairs} errors={errors} onChange={onChange} />}
    </Folded>
  );
}

function Pairs({
  pairs,
  errors,
  onChange,
}: Pick<TaskForm, "pairs"> & Pick<DatabasesSectionProps, "errors" | "onChange">) {
  const edit = (key: number, patch: { source?: string; destination?: string }) =>
    onChange({ pairs: pairs.map((pair) => (pair.key === key ? { ...pair, ...patch } : pair)) });
  return (
    <div className="mt-3 ml-6">
      <ol className="space-y-2">
        {pairs.map((pair, index) => {
          const error = errors[`pairs.${index}`];
          return (
            <li key={pair.key}>
              <div className="flex items-center gap-2">
                <TextInput
                  aria-label={`Source database ${index + 1}`}
                  inputMode="numeric"
                  className="num max-w-20"
                  value={pair.source}
                  aria-invalid={error !== undefined || undefined}
                  onChange={(event) => edit(pair.key, { source: event.target.value.trim() })}
                />
                <ArrowRight className="size-4 text-ink-3" role="img" aria-label="to" />
                <TextInput
                  aria-label={`Destination database ${index + 1}`}
                  inputMode="numeric"
                  className="num max-w-20"
                  value={pair.destination}
                  aria-invalid={error !== undefined || undefined}
                  onChange={(event) => edit(pair.key, { destination: event.target.value.trim() })}
                />
                <IconButton
                  label={`Remove pair ${index + 1}`}
                  disabled={pairs.length === 1}
                  onClick={() => onChange({ pairs: pairs.filter((each) => each.key !== pair.key) })}
                >
                  <Trash2 />
                </IconButton>
              </div>
              {error !== undefined && (
                <div className="mt-1">
                  <FieldError text={error} />
                </div>
              )}
            </li>
          );
        })}
      </ol>
      <Button small className="mt-2.5" onClick={() => onChange({ pairs: [...pairs, newPair(pairs)] })}>
        <Plus className="size-4" aria-hidden />
        Add a database
      </Button>
    </div>
  );
}

function defaultText(redisDb: number | null, destinationDb: number | null): string {
  if (redisDb !== null) return `the pool's database ${redisDb} to database ${destinationDb ?? 0}`;
  return destinationDb === null
    ? "every database to the same number"
    : `database 0 to database ${destinationDb}`;
}
