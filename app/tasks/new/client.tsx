"use client";

import { PlugZap, TriangleAlert } from "lucide-react";
import { useCallback, useEffect, useRef, useState } from "react";
import { Button } from "@/components/controls/button";
import { Card } from "@/components/controls/card";
import { Field } from "@/components/controls/field";
import { TextInput } from "@/components/controls/text-input";
import { ConfirmStart } from "@/components/merging/confirm-start";
import { useOwnName } from "@/components/merging/own-name";
import { AddressFields } from "@/components/new-task/address-fields";
import { DatabasesSection } from "@/components/new-task/databases-section";
import { FormSection } from "@/components/new-task/form-section";
import { KeysChoice } from "@/components/new-task/keys-choice";
import { MergeSection } from "@/components/new-task/merge-section";
import { OptionsSection } from "@/components/new-task/options-section";
import type { Pool } from "@/components/new-task/pool-picker";
import { PrecheckResults } from "@/components/new-task/precheck-results";
import { SourceSection } from "@/components/new-task/source-section";
import { emptyForm, type TaskForm } from "@/components/new-task/task-form";
import { useSubmit } from "@/components/new-task/use-submit";
import { Breadcrumbs } from "@/components/shell/breadcrumbs";
import { ReasonNote } from "@/components/status/reason-note";

export function NewTask() {
  const [form, setForm] = useState<TaskForm>(emptyForm);
  const [pool, setPool] = useState<Pool | null>(null);
  const { errors, failure, report, question, dismiss, testing, creating, test, create, join, changed } =
    useSubmit(form);
  const own = useOwnName();

  const change = useCallback(
    (patch: Partial<TaskForm>) => {
      setForm((before) => ({ ...before, ...patch }));
      changed();
    },
    [changed],
  );
  // A task is mostly called as its pool; a name that was typed stays.
  const takePool = useCallback((next: Pool | null) => {
    setPool(next);
    setForm((before) => (before.name === "" && next !== null ? { ...before, name: next.name } : before));
  }, []);

  const element = useRef<HTMLFormElement>(null);
  const results = useRef<HTMLDivElement>(null);
  const [unmarked, setUnmarked] = useState(false);
  // The first that is wrong on the page has the focus, whatever was found first.
  useEffect(() => {
    if (Object.keys(errors).length === 0) return;
    const first = element.current?.querySelector<HTMLElement>("[aria-invalid=true]:not(:disabled)");
    setUnmarked(!first);
    first?.focus();
  }, [errors]);
  useEffect(() => {
    if (report === null) return;
    results.current?.scrollIntoView({ block: "start" });
    results.current?.focus({ preventScroll: true });
  }, [report]);

  return (
    <form
      ref={element}
      noValidate
      className="mx-auto max-w-4xl"
      onSubmit={(event) => {
        event.preventDefault();
        void create();
      }}
    >
      <Breadcrumbs steps={[{ href: "/tasks", label: "Tasks" }]} />
      <h1 className="text-[1.375rem] leading-tight font-semibold tracking-[-0.02em]">New task</h1>
      <p className="mt-1 mb-6 text-ink-2">
        One Twemproxy cluster flows into one Redis. The source is only read, but for a heartbeat key.
      </p>
      <div className="space-y-5">
        <SourceSection form={form} errors={errors} onChange={change} onPool={takePool} />
        <FormSection step={2} title="Destination">
          <div className="space-y-5">
            <AddressFields
              label="Address"
              path="destination"
              value={form.destination}
              errors={errors}
              onChange={(destination) => change({ destination })}
            />
            <DatabasesSection form={form} redisDb={pool?.redisDb ?? null} errors={errors} onChange={change} />
            <MergeSection form={form} pool={pool} onChange={change} />
            <OptionsSection form={form} onChange={change} />
          </div>
        </FormSection>
        <FormSection step={3} title="Name and start">
          <Field label="Name" error={errors.name} className="max-w-sm">
            {(control) => (
              <TextInput
                {...control}
                name="name"
                maxLength={80}
                value={form.name}
                onChange={(event) => change({ name: event.target.value })}
              />
            )}
          </Field>
          {failure !== null && (
            <div role="alert">
              <ReasonNote reason={failure} className="mt-5" />
            </div>
          )}
          {Object.keys(errors).length > 0 && (
            <p role="alert" className="mt-5 flex items-center gap-2 text-[0.8125rem] text-bad">
              <TriangleAlert className="size-4 shrink-0" aria-hidden />
              {unmarked ? Object.values(errors).join(" ") : "Correct the marked fields above."}
            </p>
          )}
          <div className="mt-6 flex flex-wrap gap-2 max-sm:flex-col">
            <Button type="submit" look="primary" busy={creating} disabled={testing}>
              {creating ? "Checking and creating…" : "Create and start"}
            </Button>
            <Button busy={testing} disabled={creating} onClick={() => void test()}>
              <PlugZap className="size-4" aria-hidden />
              {testing ? "Testing…" : "Test connection"}
            </Button>
          </div>
        </FormSection>
        <div aria-live="polite" ref={results} tabIndex={-1} className="rounded-xl outline-none">
          {report !== null && (
            <Card className="p-4 sm:p-6" id="checks">
              <PrecheckResults report={report} />
              {report.checks.some(({ code }) => code === "DESTINATION_HOLDS_KEYS") && (
                <KeysChoice onChoose={(destinationKeys) => change({ destinationKeys })} />
              )}
            </Card>
          )}
        </div>
      </div>
      {question !== null && (
        <ConfirmStart
          question={question}
          own={own}
          busy={creating}
          onConfirm={() => void create(own.by)}
          onClose={dismiss}
          onJoin={form.kind === "shards" ? (task) => void join(task, own.by) : undefined}
          onDatabase={(db) =>
            change({
              databases: "pairs",
              pairs: [{ key: 1, source: String(pool?.redisDb ?? 0), destination: String(db) }],
            })
          }
        />
      )}
    </form>
  );
}
