import { stepWords } from "./step-words";

/** What each step asks for, before the first one is begun. */
export function StepsAhead() {
  return (
    <ol aria-label="What each step does" className="mt-6 divide-y rounded-xl border bg-surface">
      {stepWords.map(({ step, name, icon: Icon, ahead }) => (
        <li key={step} className="flex gap-3 px-4 py-3 sm:px-5">
          <Icon className="mt-0.5 size-4 shrink-0 text-ink-3" aria-hidden />
          <div className="min-w-0 sm:grid sm:flex-1 sm:grid-cols-[8rem_minmax(0,1fr)] sm:gap-x-4">
            <p className="font-medium">{name}</p>
            <p className="text-ink-2">{ahead}</p>
          </div>
        </li>
      ))}
    </ol>
  );
}
