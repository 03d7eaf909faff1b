"use client";

import { useMutation } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useCallback, useState } from "react";
import { toast } from "sonner";
import { reasonOf, type ShownReason } from "@/components/live/reason-of";
import { useTRPC } from "@/components/live/trpc";
import type { StartQuestion } from "@/server/control/checks/start-confirmation";
import type { PrecheckReport } from "@/server/precheck/precheck-report";
import { fieldOfReason } from "./server-error-field";
import { type FormErrors, findErrors, type TaskForm, toTaskInput } from "./task-form";

type ShownReport = Pick<PrecheckReport, "ok" | "checks">;

/** Tests and creates the task of a form, and keeps what was found wrong until the form changes. */
export function useSubmit(form: TaskForm) {
  const trpc = useTRPC();
  const router = useRouter();
  const [errors, setErrors] = useState<FormErrors>({});
  const [failure, setFailure] = useState<ShownReason | null>(null);
  const [report, setReport] = useState<ShownReport | null>(null);
  const [question, setQuestion] = useState<StartQuestion | null>(null);
  const testing = useMutation(trpc.connection.test.mutationOptions());
  const creating = useMutation(trpc.task.create.mutationOptions());
  const joining = useMutation(trpc.task.addShards.mutationOptions());
  // A page that is left for the task's own stays busy until it is gone.
  const [leaving, setLeaving] = useState(false);

  const changed = useCallback(() => {
    setErrors({});
    setFailure(null);
    setReport(null);
    setQuestion(null);
  }, []);

  function refuse(error: unknown) {
    const asked = questionOf(error);
    if (asked !== null) {
      setQuestion(asked);
      return;
    }
    const checks = checksOf(error);
    if (checks !== null) {
      setReport({ ok: false, checks });
      return;
    }
    const reason = reasonOf(error);
    const field = fieldOfReason(reason, fieldOfError(error), form);
    if (field === null) setFailure(reason);
    else showErrors({ [field]: `${reason.message} ${reason.remedy}` });
  }

  function showErrors(found: FormErrors): boolean {
    setErrors(found);
    return Object.keys(found).length > 0;
  }

  async function test() {
    changed();
    const { name: _, ...found } = findErrors(form);
    if (showErrors(found)) return;
    try {
      setReport(await testing.mutateAsync(toTaskInput(form)));
    } catch (error) {
      refuse(error);
    }
  }

  /** @param by the name of who has confirmed `question`. */
  async function create(by?: { by?: string }) {
    setFailure(null);
    if (showErrors(findErrors(form))) return;
    setReport(null);
    try {
      const confirmation =
        question === null || by === undefined ? {} : { confirmation: { ...by, token: question.token } };
      const { id } = await creating.mutateAsync({ ...toTaskInput(form), ...confirmation, start: true });
      setLeaving(true);
      router.push(`/tasks/${id}`);
    } catch (error) {
      refuse(error);
    }
  }

  /** Gives the form's shards to a task that writes there already. */
  async function join(task: { readonly id: string; readonly name: string }, by: { by?: string }) {
    const { source } = toTaskInput(form);
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
    join,
    errors,
    failure,
    report,
    question,
    dismiss: () => setQuestion(null),
    testing: testing.isPending,
    creating: creating.isPending || leaving,
    test,
    create,
    changed,
  };
}

/** The path of the field that the server's refusal names. */
function fieldOfError(error: unknown): string | null {
  return (error as { data?: { field?: string | null } | null } | null)?.data?.field ?? null;
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
