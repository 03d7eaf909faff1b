"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { PlugZap, TriangleAlert } from "lucide-react";
import { type FormEvent, useEffect, useRef } from "react";
import { FormProvider, useForm } from "react-hook-form";
import { Button } from "@/components/controls/button";
import { Card } from "@/components/controls/card";
import { ConfirmStart } from "@/components/merging/confirm-start";
import { useOwnName } from "@/components/merging/own-name";
import { AddressFields } from "@/components/new-task/address-fields";
import { DatabasesSection } from "@/components/new-task/databases-section";
import { FormSection } from "@/components/new-task/form-section";
import { KeysChoice } from "@/components/new-task/keys-choice";
import { MergeSection } from "@/components/new-task/merge-section";
import { OptionsSection } from "@/components/new-task/options-section";
import { PrecheckResults } from "@/components/new-task/precheck-results";
import { SourceSection } from "@/components/new-task/source-section";
import { emptyForm } from "@/components/new-task/task-form";
import { taskFormSchema } from "@/components/new-task/task-form-schema";
import { TaskNameField } from "@/components/new-task/task-name-field";
import { usePools } from "@/components/new-task/use-pools";
import { useSubmit } from "@/components/new-task/use-submit";
import { Breadcrumbs } from "@/components/shell/breadcrumbs";
import { ReasonNote } from "@/components/status/reason-note";

export function NewTask() {
  const form = useForm({
    defaultValues: emptyForm,
    resolver: zodResolver(taskFormSchema),
    // The first on the page has the focus, whichever was registered first.
    shouldFocusError: false,
  });
  const { errors, submitCount } = form.formState;
  const read = usePools(form.control);
  const { pool } = read;
  const submit = useSubmit(form, pool);
  const { failure, report, question, testing, creating } = submit;
  const own = useOwnName();

  const element = useRef<HTMLFormElement>(null);
  const results = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (submitCount > 0)
      element.current?.querySelector<HTMLElement>("[aria-invalid=true]:not(:disabled)")?.focus();
  }, [submitCount]);
  useEffect(() => {
    if (report === null) return;
    results.current?.scrollIntoView({ block: "start" });
    results.current?.focus({ preventScroll: true });
  }, [report]);

  function takeDatabase(db: number) {
    form.setValue("pairs", [{ source: String(pool?.redisDb ?? 0), destination: String(db) }]);
    form.setValue("databases", "pairs");
  }

  return (
    <FormProvider {...form}>
      <form
        ref={element}
        noValidate
        className="mx-auto max-w-4xl"
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          void submit.create();
        }}
      >
        <Breadcrumbs steps={[{ href: "/tasks", label: "Tasks" }]} />
        <h1 className="text-[1.375rem] leading-tight font-semibold tracking-[-0.02em]">New task</h1>
        <p className="mt-1 mb-6 text-ink-2">
          Copies a Twemproxy cluster into one Redis, live. Tributary only reads from the source, except for
          one heartbeat key.
        </p>
        <div className="space-y-5">
          <SourceSection read={read} />
          <FormSection step={2} title="Destination">
            <div className="space-y-5">
              <AddressFields label="Address" path="destination" />
              <DatabasesSection redisDb={pool?.redisDb ?? null} />
              <MergeSection pool={pool} />
              <OptionsSection />
            </div>
          </FormSection>
          <FormSection step={3} title="Name and start">
            <TaskNameField pool={pool} />
            {failure !== null && (
              <div role="alert">
                <ReasonNote reason={failure} className="mt-5" />
              </div>
            )}
            {Object.keys(errors).length > 0 && (
              <p role="alert" className="mt-5 flex items-center gap-2 text-[0.8125rem] text-bad">
                <TriangleAlert className="size-4 shrink-0" aria-hidden />
                {errors.root?.message ?? "Correct the marked fields above."}
              </p>
            )}
            <div className="mt-6 flex flex-wrap gap-2 max-sm:flex-col">
              <Button type="submit" look="primary" busy={creating} disabled={testing}>
                {creating ? "Checking and creating…" : "Create and start"}
              </Button>
              <Button busy={testing} disabled={creating} onClick={() => void submit.test()}>
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
                  <KeysChoice onChoose={(policy) => form.setValue("destinationKeys", policy)} />
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
            onConfirm={() => void submit.create(own.by)}
            onClose={submit.dismiss}
            onJoin={pool === null ? (task) => void submit.join(task, own.by) : undefined}
            onDatabase={takeDatabase}
          />
        )}
      </form>
    </FormProvider>
  );
}
