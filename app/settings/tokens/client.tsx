"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { useRef, useState } from "react";
import { toast } from "sonner";
import { Button } from "@/components/controls/button";
import { Card } from "@/components/controls/card";
import { useHydrated, useNow } from "@/components/live/now";
import { reasonOf } from "@/components/live/reason-of";
import { useTRPC } from "@/components/live/trpc";
import { ConfirmDialog } from "@/components/people/confirm-dialog";
import { LastUsed } from "@/components/people/last-used";
import { useMe } from "@/components/people/me";
import { NewTokenDialog } from "@/components/people/new-token-dialog";
import { roleWord } from "@/components/people/role-words";
import type { TokenView } from "@/server/people/token-store";

export function TokensPage({ initial }: { initial: TokenView[] }) {
  const trpc = useTRPC();
  const [making, setMaking] = useState(false);
  const { data: tokens, refetch } = useQuery(
    trpc.token.list.queryOptions(undefined, { initialData: initial, refetchInterval: 10_000 }),
  );
  const revoke = useMutation(
    trpc.token.revoke.mutationOptions({
      onSettled: () => void refetch(),
      onError: (error) => {
        const reason = reasonOf(error);
        toast.error(reason.message, { description: reason.remedy });
      },
    }),
  );
  return (
    <>
      <div className="mb-4 flex items-start justify-between gap-4">
        <div>
          <h1 className="text-[1.375rem] font-semibold tracking-[-0.02em]">API tokens</h1>
          <p className="mt-1 text-sm text-ink-2">
            For programs: <code className="font-mono text-[0.8125rem]">Authorization: Bearer …</code> in the
            place of a login. A token ends with whoever made it.
          </p>
        </div>
        <Button look="primary" onClick={() => setMaking(true)} className="shrink-0 [&_svg]:size-4">
          <KeyRound aria-hidden />
          New token…
        </Button>
      </div>
      <Card>
        {tokens.length === 0 ? (
          <p className="px-5 py-10 text-center text-ink-2">
            No token yet. Create one for each program, with the least role that it needs.
          </p>
        ) : (
          <ul className="divide-y">
            {tokens.map((token) => (
              <TokenRow
                key={token.id}
                token={token}
                onRevoke={async () => {
                  await revoke.mutateAsync({ id: token.id }).catch(() => null);
                }}
              />
            ))}
          </ul>
        )}
      </Card>
      {making && (
        <NewTokenDialog
          onClose={() => {
            setMaking(false);
            void refetch();
          }}
        />
      )}
    </>
  );
}

function TokenRow({ token, onRevoke }: { token: TokenView; onRevoke: () => Promise<void> }) {
  const { identity } = useMe();
  const now = useNow();
  const hydrated = useHydrated();
  const [asking, setAsking] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const expires = new Date(token.expiresAt).toLocaleDateString("en-US", {
    dateStyle: "medium",
    ...(hydrated ? {} : { timeZone: "UTC" }),
  });
  return (
    <li data-token={token.name} className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3 sm:px-5">
      <div className="min-w-0 flex-1 basis-48">
        <p className="truncate font-medium">{token.name}</p>
        <p className="text-xs text-ink-3">
          {roleWord(token.role)}
          {identity?.id === token.ownerId ? "" : ` · of ${token.ownerName}`}
        </p>
      </div>
      <p className="text-xs text-ink-3 sm:w-56">
        <LastUsed use={token} />
      </p>
      <p className="text-xs text-ink-3 sm:w-40">
        {token.expiresAt < now ? <span className="text-bad">Expired {expires}</span> : `Expires ${expires}`}
      </p>
      <Button ref={button} small onClick={() => setAsking(true)}>
        Revoke…
      </Button>
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        returnTo={button}
        title={`Revoke ${token.name}?`}
        text="Programs that use it are refused from now on."
        word="Revoke"
        danger
        act={onRevoke}
      />
    </li>
  );
}
