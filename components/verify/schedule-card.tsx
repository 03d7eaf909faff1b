"use client";

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { CalendarClock } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/controls/button";
import { CardSection } from "@/components/controls/card";
import { Fact } from "@/components/controls/fact";
import { Ago } from "@/components/live/ago";
import { MomentIn } from "@/components/live/moment";
import { type Outputs, useTRPC } from "@/components/live/trpc";
import { ForRole } from "@/components/people/me";
import { cronText } from "./cron-choice";
import type { OrderFacts } from "./order-fields";
import { orderText } from "./order-text";
import { ScheduleDialog } from "./schedule-dialog";

type Schedule = Outputs["verify"]["schedule"];

type ScheduleCardProps = {
  task: { readonly id: string; readonly name: string };
  facts: OrderFacts;
  initial: Schedule;
};

/** When the task is verified by itself. */
export function ScheduleCard({ task, facts, initial }: ScheduleCardProps) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const [editing, setEditing] = useState(false);
  const { data: schedule } = useQuery(
    trpc.verify.schedule.queryOptions({ id: task.id }, { initialData: initial, refetchInterval: 15_000 }),
  );
  return (
    <CardSection
      title="Schedule"
      aside={
        <ForRole needs="operator">
          <Button small onClick={() => setEditing(true)}>
            <CalendarClock className="size-3.5" aria-hidden />
            {schedule === null ? "Set up…" : "Change…"}
          </Button>
        </ForRole>
      }
    >
      <div className="space-y-3 px-4 pb-5 sm:px-5">
        {schedule === null ? (
          <p className="text-ink-3">This task is verified only on request.</p>
        ) : (
          <Told schedule={schedule} facts={facts} />
        )}
        <p className="text-xs text-ink-3">
          A run that comes due while another is in progress is skipped. If Tributary was down when runs came
          due, it makes up for one of them. The last 100 runs are kept.
        </p>
      </div>
      {editing && (
        <ScheduleDialog
          task={task}
          facts={facts}
          schedule={schedule}
          onSaved={() => void queries.invalidateQueries(trpc.verify.schedule.queryFilter({ id: task.id }))}
          onClose={() => setEditing(false)}
        />
      )}
    </CardSection>
  );
}

function Told({ schedule, facts }: { schedule: NonNullable<Schedule>; facts: OrderFacts }) {
  const { enabled, cron, timeZone, order, next, passedOver } = schedule;
  return (
    <dl className="grid grid-cols-1 gap-3">
      <Fact label="When">
        {cronText(cron)}, {timeZone}
        {!enabled && <span className="text-ink-3">, switched off</span>}
      </Fact>
      <Fact label="What">{orderText(order, facts.shards)}</Fact>
      {next.length > 0 && (
        <Fact label="Next">
          <ul>
            {next.map((at) => (
              <li key={at}>
                <MomentIn at={at} timeZone={timeZone} />
              </li>
            ))}
          </ul>
        </Fact>
      )}
      {passedOver !== null && (
        <Fact label="Last skipped">
          <Ago at={passedOver.at} />. {passedOver.because}
        </Fact>
      )}
    </dl>
  );
}
