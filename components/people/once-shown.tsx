"use client";

import { Check, Copy } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/controls/button";

type OnceShownProps = { label: string; text: string };

/** A secret that cannot be read again, to be copied. */
export function OnceShown({ label, text }: OnceShownProps) {
  const [copied, setCopied] = useState(false);
  async function copy() {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      // Without TLS a browser has no clipboard to offer: the text is there to be selected.
      setCopied(false);
    }
  }
  return (
    <div className="mt-4">
      <p className="mb-1.5 text-[0.8125rem] font-medium">{label}</p>
      <div className="flex items-stretch gap-2">
        <code
          data-once=""
          className="min-w-0 flex-1 rounded-lg border bg-sunken px-3 py-2 font-mono text-[0.8125rem] break-all select-all"
        >
          {text}
        </code>
        <Button onClick={() => void copy()} className="h-auto [&_svg]:size-4">
          {copied ? <Check aria-hidden /> : <Copy aria-hidden />}
          {copied ? "Copied" : "Copy"}
        </Button>
      </div>
    </div>
  );
}
