"use client";

import { useQuery } from "@tanstack/react-query";
import { Copy, Download, TriangleAlert } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import { Button } from "@/components/controls/button";
import { CardSection } from "@/components/controls/card";
import { Fact } from "@/components/controls/fact";
import { Segmented } from "@/components/controls/segmented";
import { Skeleton } from "@/components/controls/skeleton";
import { reasonOf } from "@/components/live/reason-of";
import { useTRPC } from "@/components/live/trpc";
import { ReasonNote } from "@/components/status/reason-note";

/** The new nutcracker.yml, the plain address, and the former file for the way back. */
export function SwitchTarget({ taskId }: { taskId: string }) {
  const trpc = useTRPC();
  const { data: file, error } = useQuery(trpc.cutover.file.queryOptions({ id: taskId }));
  const [which, setWhich] = useState<"next" | "former">("next");
  if (error) return <ReasonNote reason={reasonOf(error)} className="mt-5" />;
  if (file === undefined) return <Skeleton className="mt-5 h-64" />;
  const text = which === "next" ? file.next : file.former;
  const name = which === "next" ? "nutcracker.yml" : "nutcracker.former.yml";
  return (
    <div className="mt-5 grid items-start gap-5 lg:grid-cols-[minmax(0,1fr)_22rem]">
      {file.next !== null && (
        <CardSection
          title="nutcracker.yml"
          aside={
            <Segmented
              label="File"
              value={which}
              onChange={setWhich}
              options={[
                { value: "next", label: "New" },
                ...(file.former === null ? [] : [{ value: "former" as const, label: "Former" }]),
              ]}
            />
          }
        >
          <div className="space-y-3 px-4 pb-5 sm:px-5">
            <pre
              className="max-h-96 overflow-auto rounded-lg bg-sunken p-3 font-mono text-xs"
              data-file={which}
            >
              {text}
            </pre>
            <div className="flex flex-wrap gap-2">
              <Button small onClick={() => void copied(text ?? "")}>
                <Copy className="size-3.5" aria-hidden />
                Copy
              </Button>
              <Button small onClick={() => download(name, text ?? "")}>
                <Download className="size-3.5" aria-hidden />
                Download
              </Button>
            </div>
            {file.directory !== null && (
              <p className="text-xs break-words text-ink-3">
                Both files, with their passwords, are on Tributary's host in{" "}
                <span className="font-mono">{file.directory}</span>.
              </p>
            )}
          </div>
        </CardSection>
      )}
      <CardSection title="Where the application connects">
        <dl className="space-y-3 px-4 pb-5 sm:px-5">
          {file.next !== null && (
            <Fact label="Through nutcracker, as before">
              <span className="font-mono text-xs">{file.listen ?? "the pool's own address"}</span>
              <span className="mt-1 block text-xs text-ink-3">
                Install the new file on each of its hosts and restart nutcracker. The application needs no
                change.
              </span>
            </Fact>
          )}
          <Fact label="Directly to the destination">
            <span className="font-mono text-xs break-all" data-fact="endpoint">
              {file.endpoint}
            </span>
          </Fact>
        </dl>
        {file.notes.length > 0 && (
          <ul className="space-y-2.5 border-t px-4 py-4 text-[0.8125rem] sm:px-5">
            {file.notes.map((note) => (
              <li key={note} className="flex gap-2">
                <TriangleAlert className="mt-0.5 size-4 shrink-0 text-warn" aria-hidden />
                <span className="min-w-0 break-words">{note}</span>
              </li>
            ))}
          </ul>
        )}
      </CardSection>
    </div>
  );
}

async function copied(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast.success("Copied");
  } catch {
    toast.error("The browser does not permit it", { description: "Select the text and copy it by hand." });
  }
}

function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/yaml" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
