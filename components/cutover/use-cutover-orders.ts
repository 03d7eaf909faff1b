"use client";

import { useMutation } from "@tanstack/react-query";
import { toast } from "sonner";
import { reasonOf } from "@/components/live/reason-of";
import { type Outputs, useTRPC } from "@/components/live/trpc";
import { useOwnName } from "@/components/merging/own-name";

export type Cutover = Outputs["cutover"]["get"];
export type CutoverGate = Cutover["gates"][number];

/** What a person can order of a cutover; a refusal is shown with its remedy. Each resolves to whether it was done. */
export function useCutoverOrders(view: Cutover, onDone: (view: Cutover) => void) {
  const trpc = useTRPC();
  const own = useOwnName();
  const begin = useMutation(trpc.cutover.begin.mutationOptions());
  const order = useMutation(trpc.cutover.order.mutationOptions());
  const override = useMutation(trpc.cutover.override.mutationOptions());
  const withdraw = useMutation(trpc.cutover.withdraw.mutationOptions());
  const verifyAgain = useMutation(trpc.cutover.verifyAgain.mutationOptions());
  const holdWrites = useMutation(trpc.cutover.holdWrites.mutationOptions());
  const releaseWrites = useMutation(trpc.cutover.releaseWrites.mutationOptions());
  const all = [begin, order, override, withdraw, verifyAgain, holdWrites, releaseWrites];
  const base = { id: view.task.id, ...own.by };
  const step = view.cutover?.state.step ?? "gates";

  async function told(call: Promise<Cutover>): Promise<boolean> {
    own.keep();
    try {
      onDone(await call);
      return true;
    } catch (error) {
      const reason = reasonOf(error);
      toast.error(reason.message, { description: reason.remedy });
      return false;
    }
  }

  type Depth = "counts" | "keys" | "full";
  return {
    own,
    busy: all.some(({ isPending }) => isPending),
    begin: () => told(begin.mutateAsync(base)),
    move: (move: "proceed" | "back" | "leave", more: { depth?: Depth; confirm?: string } = {}) =>
      told(order.mutateAsync({ ...base, step, move, ...more })),
    override: (gate: CutoverGate["name"], reason: string) =>
      told(override.mutateAsync({ ...base, gate, reason })),
    withdraw: (gate: CutoverGate["name"]) => told(withdraw.mutateAsync({ ...base, gate })),
    verifyAgain: (depth: Depth) => told(verifyAgain.mutateAsync({ ...base, depth })),
    hold: (seconds: number) => told(holdWrites.mutateAsync({ ...base, seconds })),
    release: () => told(releaseWrites.mutateAsync(base)),
  };
}

export type CutoverOrders = ReturnType<typeof useCutoverOrders>;
