"use client";

import { CircleX, FileUp, TriangleAlert } from "lucide-react";
import { type DragEvent, useId, useRef, useState } from "react";
import { Button } from "@/components/controls/button";
import { FieldError } from "@/components/controls/field";
import { cx } from "@/components/format/cx";
import { maxNutcrackerBytes } from "@/server/input/task-input";

export type LineProblem = {
  severity: "error" | "warning";
  line: number | null;
  message: string;
  remedy: string;
};

type NutcrackerEditorProps = {
  text: string;
  problems: readonly LineProblem[];
  error: string | undefined;
  onChange: (text: string) => void;
};

const placeholder = `alpha:
  listen: 127.0.0.1:22121
  hash: fnv1a_64
  distribution: ketama
  redis: true
  servers:
    - 10.0.0.11:6379:1 alpha-1
    - 10.0.0.12:6379:1 alpha-2`;

/** nutcracker.yml to paste, drop or upload, with its problems marked at their lines. */
export function NutcrackerEditor({ text, problems, error, onChange }: NutcrackerEditorProps) {
  const id = useId();
  const file = useRef<HTMLInputElement>(null);
  const gutter = useRef<HTMLDivElement>(null);
  const area = useRef<HTMLTextAreaElement>(null);
  const [over, setOver] = useState(false);
  const [fileError, setFileError] = useState<string>();
  const lineCount = Math.max(10, text.split("\n").length);
  const byLine = new Map(problems.map((problem) => [problem.line, problem.severity]));

  async function take(picked: File | undefined) {
    if (picked === undefined) return;
    if (picked.size > maxNutcrackerBytes) {
      setFileError(`${picked.name} is larger than 64 KiB: give the nutcracker.yml itself.`);
      return;
    }
    setFileError(undefined);
    onChange(await picked.text());
  }

  function drop(event: DragEvent) {
    event.preventDefault();
    setOver(false);
    void take(event.dataTransfer.files[0]);
  }

  function goTo(line: number) {
    const element = area.current;
    if (element === null) return;
    const start =
      text
        .split("\n")
        .slice(0, line - 1)
        .join("\n").length + (line > 1 ? 1 : 0);
    const end = text.indexOf("\n", start);
    element.focus();
    element.setSelectionRange(start, end < 0 ? text.length : end);
  }

  const shown = fileError ?? error;
  return (
    <div>
      <div className="mb-1.5 flex items-center justify-between gap-3">
        <label htmlFor={id} className="text-[0.8125rem] font-medium">
          nutcracker.yml
        </label>
        <Button small onClick={() => file.current?.click()}>
          <FileUp className="size-4" aria-hidden />
          Upload
        </Button>
        <input
          ref={file}
          type="file"
          accept=".yml,.yaml,.conf,text/yaml"
          aria-label="Upload a nutcracker.yml"
          tabIndex={-1}
          className="hidden"
          onChange={(event) => {
            void take(event.target.files?.[0]);
            event.target.value = "";
          }}
        />
      </div>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping has the upload button as its keyboard way */}
      <div
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
        className={cx(
          "flex max-h-[26rem] min-h-56 overflow-hidden rounded-lg border bg-surface font-mono text-[0.8125rem] leading-5 transition-colors focus-within:outline-2 focus-within:outline-offset-2 focus-within:outline-river-line",
          over ? "border-river bg-river-soft" : shown === undefined ? "border-line-strong" : "border-bad",
        )}
      >
        <div
          ref={gutter}
          aria-hidden
          className="num overflow-hidden border-r bg-sunken py-2.5 text-right text-ink-3 select-none"
        >
          {Array.from({ length: lineCount }, (_, index) => {
            const severity = byLine.get(index + 1);
            return (
              <div
                // biome-ignore lint/suspicious/noArrayIndexKey: a line number is its index
                key={index}
                className={cx(
                  "pr-2 pl-3",
                  severity === "error" && "bg-bad font-semibold text-surface",
                  severity === "warning" && "bg-warn-soft font-semibold text-warn",
                )}
              >
                {index + 1}
              </div>
            );
          })}
        </div>
        <textarea
          ref={area}
          id={id}
          name="text"
          value={text}
          rows={lineCount}
          wrap="off"
          spellCheck={false}
          autoCapitalize="off"
          placeholder={placeholder}
          aria-invalid={shown !== undefined || undefined}
          aria-describedby={`${id}-problems`}
          onChange={(event) => {
            setFileError(undefined);
            onChange(event.target.value);
          }}
          onScroll={(event) => {
            if (gutter.current !== null) gutter.current.scrollTop = event.currentTarget.scrollTop;
          }}
          className="min-w-0 flex-1 resize-none overflow-auto bg-transparent px-3 py-2.5 outline-none placeholder:text-ink-3"
        />
      </div>
      <div id={`${id}-problems`} className="mt-2 space-y-1.5">
        {shown === undefined && text === "" && (
          <p className="text-xs text-ink-3">
            Paste it, drop the file here, or upload it. It stays on this server.
          </p>
        )}
        {shown !== undefined && <FieldError text={shown} />}
        {problems.map((problem) => (
          <ProblemLine key={`${problem.line} ${problem.message}`} problem={problem} goTo={goTo} />
        ))}
      </div>
    </div>
  );
}

function ProblemLine({ problem, goTo }: { problem: LineProblem; goTo: (line: number) => void }) {
  const bad = problem.severity === "error";
  const Icon = bad ? CircleX : TriangleAlert;
  const { line } = problem;
  return (
    <div className="flex gap-2 text-[0.8125rem]" data-problem={problem.severity}>
      <Icon className={cx("mt-0.5 size-4 shrink-0", bad ? "text-bad" : "text-warn")} aria-hidden />
      <p className="min-w-0 break-words">
        {line !== null && (
          <button
            type="button"
            onClick={() => goTo(line)}
            className={cx(
              "num mr-1 font-medium underline underline-offset-2",
              bad ? "text-bad" : "text-warn",
            )}
          >
            Line {line}
          </button>
        )}
        <span>{endSentence(problem.message)}</span> <span className="text-ink-2">{problem.remedy}</span>
      </p>
    </div>
  );
}

function endSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
