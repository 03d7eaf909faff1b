import { CircleCheck, CircleX, TriangleAlert } from "lucide-react";
import { cx } from "@/components/format/cx";
import type { CutoverGate } from "./use-cutover-orders";

/** Whether the step can be left, in one sentence: it is read before the gates one by one. */
export function GateSummary({ gates }: { gates: readonly CutoverGate[] }) {
  const counted = gates.filter(({ advisory }) => !advisory);
  const shut = counted.filter(({ ok, override }) => !ok && override === null);
  const overridden = counted.filter(({ ok, override }) => !ok && override !== null).length;
  const [Icon, color] =
    shut.length > 0
      ? ([CircleX, "text-bad"] as const)
      : overridden > 0
        ? ([TriangleAlert, "text-warn"] as const)
        : ([CircleCheck, "text-good"] as const);
  return (
    <p
      role="status"
      data-ready={shut.length === 0}
      className={cx("num flex items-start gap-2 font-medium", color)}
    >
      <Icon className="mt-0.5 size-4 shrink-0" aria-hidden />
      <span className="min-w-0">{summaryOf(counted.length, shut, overridden)}</span>
    </p>
  );
}

function summaryOf(all: number, shut: readonly CutoverGate[], overridden: number): string {
  if (shut.length > 0) {
    const are = shut.length === 1 ? "is" : "are";
    return all === 1
      ? "Not ready: the gate is shut"
      : `Not ready: ${shut.length} of ${all} gates ${are} shut`;
  }
  if (overridden > 0) return `Ready: ${all - overridden} of ${all} gates are open, ${overridden} overridden`;
  return all === 1 ? "Ready: the gate is open" : `Ready: all ${all} gates are open`;
}
