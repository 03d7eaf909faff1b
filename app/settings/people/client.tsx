"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import { UserPlus } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import { Button } from "@/components/controls/button";
import { Card } from "@/components/controls/card";
import { formatPlural } from "@/components/format/count";
import { reasonOf } from "@/components/live/reason-of";
import { useTRPC } from "@/components/live/trpc";
import { InviteDialog } from "@/components/people/invite-dialog";
import { LinkDialog } from "@/components/people/link-dialog";
import { PersonRow } from "@/components/people/person-row";
import type { Invitation, PersonView } from "@/server/people/person-store";

export type MadeLink = { readonly name: string; readonly invitation: Invitation };

export function PeoplePage({ initial }: { initial: PersonView[] }) {
  const trpc = useTRPC();
  const [inviting, setInviting] = useState(false);
  const [made, setMade] = useState<MadeLink | null>(null);
  const { data: people, refetch } = useQuery(
    trpc.people.list.queryOptions(undefined, { initialData: initial, refetchInterval: 10_000 }),
  );
  const onSettled = () => void refetch();
  const onError = (error: unknown) => {
    const reason = reasonOf(error);
    toast.error(reason.message, { description: reason.remedy });
  };
  const setRole = useMutation(trpc.people.setRole.mutationOptions({ onSettled, onError }));
  const endSessions = useMutation(trpc.people.endSessions.mutationOptions({ onSettled, onError }));
  const inviteAgain = useMutation(trpc.people.inviteAgain.mutationOptions({ onSettled, onError }));
  const remove = useMutation(trpc.people.delete.mutationOptions({ onSettled, onError }));

  return (
    <>
      <div className="mb-4 flex items-center justify-between gap-4">
        <h1 className="text-[1.375rem] font-semibold tracking-[-0.02em]">
          People{" "}
          <span className="num ml-1 text-base font-normal text-ink-3">
            {formatPlural(people.length, "person", "people")}
          </span>
        </h1>
        <Button look="primary" onClick={() => setInviting(true)} className="[&_svg]:size-4">
          <UserPlus aria-hidden />
          Invite…
        </Button>
      </div>
      <Card>
        <ul className="divide-y">
          {people.map((person) => (
            <PersonRow
              key={person.id}
              person={person}
              onRole={(role) => setRole.mutate({ id: person.id, role })}
              onEndSessions={async () => {
                await endSessions.mutateAsync({ id: person.id }).catch(() => null);
              }}
              onLink={async () => {
                const answer = await inviteAgain.mutateAsync({ id: person.id }).catch(() => null);
                if (answer !== null) setMade({ name: person.name, invitation: answer.invitation });
              }}
              onDelete={async () => {
                await remove.mutateAsync({ id: person.id }).catch(() => null);
              }}
            />
          ))}
        </ul>
      </Card>
      {inviting && (
        <InviteDialog
          onClose={() => setInviting(false)}
          onMade={(link) => {
            setInviting(false);
            setMade(link);
            void refetch();
          }}
        />
      )}
      {made !== null && <LinkDialog {...made} onClose={() => setMade(null)} />}
    </>
  );
}
