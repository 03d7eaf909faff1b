"use client";

import { useMutation } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useEffect, useState } from "react";
import type { FieldPath } from "react-hook-form";
import { toast } from "sonner";
import { fieldOfError } from "@/components/form/form-refusal";
import { reasonOf, type ShownReason } from "@/components/live/reason-of";
import { type Inputs, useTRPC } from "@/components/live/trpc";
import type { StartQuestion } from "@/server/control/checks/start-confirmation";
import type { PrecheckReport } from "@/server/precheck/precheck-report";
import type { Pool } from "./pool-picker";
import { fieldOfReason } from "./server-error-field";
import type { TaskForm } from "./task-form";
import { type NewTaskForm, toTaskInput } from "./task-form-schema";

/** What became of the last attempt; it holds until the form changes. */
type Outcome = {
  readonly failure: ShownReason | null;
  readonly report: Pick<PrecheckReport, "ok" | "checks"> | null;
  readonly question: StartQuestion | null;
};

const noOutcome: Outcome = { failure: null, report: null, question: null };

/** Tests and creates the task of a form. @param pool the one that is chosen, or needs no choice. */
export function useSubmit(form: NewTaskForm, pool: Pool | null) {
  const trpc = useTRPC();
  const router = useRouter();
  const [outcome, setOutcome] = useState(noOutcome);
  const testing = useMutation(trpc.connection.test.mutationOptions());
  const creating = useMutation(trpc.task.create.mutationOptions());
  const joining = useMutation(trpc.task.addShards.mutationOptions());
  // A page that is left for the task's own stays busy until it is gone.
  const [leaving, setLeaving] = useState(false);
  const { watch } = form;
  useEffect(() => {
    const { unsubscribe } = watch(() => setOutcome(noOutcome));
    return unsubscribe;
  }, [watch]);

  /** Writes down which pool is meant, where nobody had to choose one. */
  function settlePool() {
    const name = pool?.name ?? "";
    const { kind, pool: chosen } = form.getValues();
    if (kind === "nutcracker" && chosen !== name) form.setValue("pool", name);
  }

  function refuse(error: unknown) {
    const question = questionOf(error);
    if (question !== null) return setOutcome({ ...noOutcome, question });
    const checks = checksOf(error);
    if (checks !== null) return setOutcome({ ...noOutcome, report: { ok: false, checks } });
    const reason = reasonOf(error);
    const field = fieldOfReason(reason, fieldOfError(error), form.getValues());
    if (field === "root") return setOutcome({ ...noOutcome, failure: reason });
    form.setError(field as FieldPath<TaskForm>, { message: `${reason.message} ${reason.remedy}` });
  }

  async function runTest(input: Inputs["connection"]["test"]) {
    try {
      const report = await testing.mutateAsync(input);
      setOutcome({ ...noOutcome, report });
    } catch (error) {
      refuse(error);
    }
  }

  /** Without a name, too: it plays no part in a test. */
  async function test() {
    settlePool();
    setOutcome(noOutcome);
    await form.handleSubmit(runTest, async ({ name, ...others }) => {
      if (name === undefined) return;
      form.clearErrors("name");
      if (Object.keys(others).length === 0) await runTest(toTaskInput(form.getValues()));
    })();
  }

  /** @param by the name of who has confirmed the question. */
  async function create(by?: { by?: string }) {
    settlePool();
    const { question } = outcome;
    const token =
      question === null || by === undefined ? {} : { confirmation: { ...by, token: question.token } };
    if (question === null) setOutcome(noOutcome);
    await form.handleSubmit(async (input) => {
      try {
        const { id } = await creating.mutateAsync({ ...input, ...token, start: true });
        setLeaving(true);
        router.push(`/tasks/${id}`);
      } catch (error) {
        refuse(error);
      }
    })();
  }

  /** Gives the form's shards to a task that writes there already. */
  async function join(task: { readonly id: string; readonly name: string }, by: { by?: string }) {
    const { source } = toTaskInput(form.getValues());
    if (source.kind !== "shards") return;
    try {
      await joining.mutateAsync({ id: task.id, shards: source.shards, ...by });
      toast.success(`Added to ${task.name}`, { description: "They are copied when it is resumed." });
      router.push(`/tasks/${task.id}`);
    } catch (error) {
      const { message, remedy } = reasonOf(error);
      toast.error(message, { description: remedy });
    }
  }

  return {
    ...outcome,
    join,
    dismiss: () => setOutcome(noOutcome),
    testing: testing.isPending,
    creating: creating.isPending || leaving,
    test,
    create,
  };
}

/** What has to be confirmed before the task can start; null where the refusal is another one. */
function questionOf(error: unknown): StartQuestion | null {
  const data = (error as { data?: { question?: StartQuestion | null } | null } | null)?.data;
  return data?.question ?? null;
}

/** The server makes all checks before it creates a task; those that failed come with its refusal. */
function checksOf(error: unknown): PrecheckReport["checks"] | null {
  const data = (error as { data?: { checks?: PrecheckReport["checks"] | null } | null } | null)?.data;
  return data?.checks ?? null;
}
