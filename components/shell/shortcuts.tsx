"use client";

import { Keyboard } from "lucide-react";
import { useRouter } from "next/navigation";
import { useEffect, useRef, useState } from "react";
import { IconButton } from "@/components/controls/icon-button";
import { Modal } from "@/components/controls/modal";
import { mayGo } from "@/components/live/hold-links";
import { useMay } from "@/components/people/me";

const shortcuts = [
  { keys: ["n"], does: "New task" },
  { keys: ["g", "t"], does: "Go to the tasks" },
  { keys: ["/"], does: "Go to the tasks" },
  { keys: ["?"], does: "Show this help" },
] as const;

/** How long a `g` waits for its second key, in ms. */
const chordMs = 1000;

/** Listens for the shortcuts everywhere, except while something is typed or a dialog is open, and lists them. */
export function ShortcutsButton() {
  const router = useRouter();
  const [open, setOpen] = useState(false);
  const operator = useMay("operator");
  const lastG = useRef(Number.NEGATIVE_INFINITY);

  useEffect(() => {
    const go = (path: string) => {
      if (mayGo(path)) router.push(path);
    };
    const actions: Readonly<Record<string, () => void>> = {
      "?": () => setOpen(true),
      "/": () => go("/tasks"),
      "g t": () => go("/tasks"),
      ...(operator ? { n: () => go("/tasks/new") } : {}),
    };
    const onKey = (event: KeyboardEvent) => {
      if (!isForShortcuts(event)) return;
      const afterG = event.timeStamp - lastG.current < chordMs;
      lastG.current = event.key === "g" ? event.timeStamp : Number.NEGATIVE_INFINITY;
      const action = actions[afterG ? `g ${event.key}` : event.key] ?? actions[event.key];
      if (action === undefined) return;
      action();
      event.preventDefault();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [router, operator]);

  return (
    <>
      <IconButton label="Keyboard shortcuts" onClick={() => setOpen(true)} className="max-sm:hidden">
        <Keyboard />
      </IconButton>
      <Modal open={open} onOpenChange={setOpen} title="Keyboard shortcuts">
        <dl className="mt-4 divide-y">
          {shortcuts.map(({ keys, does }) => (
            <div key={keys.join("")} className="flex items-center justify-between py-2.5">
              <dt>{does}</dt>
              <dd className="flex gap-1">
                {keys.map((key) => (
                  <kbd
                    key={key}
                    className="inline-flex h-6 min-w-6 items-center justify-center rounded-md border border-b-2 bg-sunken px-1.5 font-mono text-xs"
                  >
                    {key}
                  </kbd>
                ))}
              </dd>
            </div>
          ))}
        </dl>
      </Modal>
    </>
  );
}

/** Nothing is being typed, no dialog is open, and the browser's own shortcuts are left alone. */
function isForShortcuts(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return false;
  return !isTyping(event.target) && document.querySelector("[role=dialog],[role=menu]") === null;
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}
