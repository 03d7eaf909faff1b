"use client";

import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { toast } from "sonner";
import { Button } from "@/components/controls/button";
import { Card } from "@/components/controls/card";
import { reasonOf } from "@/components/live/reason-of";
import { useTRPC } from "@/components/live/trpc";
import type { Masking } from "@/server/people/masking";

const choices: readonly { readonly name: keyof Masking; readonly label: string; readonly help: string }[] = [
  {
    name: "values",
    label: "Values",
    help: "In findings, samples of commands, answers of scripts and files: values, fields, members, and a server's own words, which may quote one.",
  },
  {
    name: "keys",
    label: "Names of keys",
    help: "In the same places. Viewers cannot search by parts of a name then.",
  },
  {
    name: "hosts",
    label: "Hosts",
    help: "Host names and IP addresses of all servers, and nutcracker.yml. Each host gets a name that stands for it, such as host-3f2a91; ports stay.",
  },
];

/** What viewers do not see. */
export function MaskingPage({ initial }: { initial: Masking }) {
  const trpc = useTRPC();
  const [kept, setKept] = useState(initial);
  const [wanted, setWanted] = useState(initial);
  const set = useMutation(
    trpc.people.setMasking.mutationOptions({
      onSuccess: (now) => {
        setKept(now);
        toast.success("Saved. It holds for every answer from now on.");
      },
      onError: (error) => {
        const { message, remedy } = reasonOf(error);
        toast.error(message, { description: remedy });
      },
    }),
  );
  const changed = choices.some(({ name }) => wanted[name] !== kept[name]);

  function submit(event: FormEvent) {
    event.preventDefault();
    set.mutate(wanted);
  }

  return (
    <>
      <h1 className="text-[1.375rem] font-semibold tracking-[-0.02em]">What viewers do not see</h1>
      <p className="mt-1 mb-4 max-w-prose text-sm text-ink-2">
        What is chosen here is left out of every answer to a viewer: pages, exports, reports and the API.
        Operators and administrators see everything.
      </p>
      <Card>
        <form onSubmit={submit} className="px-4 py-5 sm:px-5">
          <fieldset className="space-y-4">
            <legend className="sr-only">Hidden from viewers</legend>
            {choices.map(({ name, label, help }) => (
              <label key={name} className="flex max-w-prose cursor-pointer items-start gap-2.5">
                <input
                  type="checkbox"
                  checked={wanted[name]}
                  onChange={(event) => setWanted({ ...wanted, [name]: event.target.checked })}
                  className="mt-1 accent-(--river)"
                />
                <span>
                  {label}
                  <span className="block text-xs text-ink-3">{help}</span>
                </span>
              </label>
            ))}
          </fieldset>
          <div className="mt-5">
            <Button type="submit" look="primary" busy={set.isPending} disabled={!changed}>
              Save
            </Button>
          </div>
        </form>
      </Card>
    </>
  );
}
