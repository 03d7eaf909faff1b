export type ChoicesProps<T extends string> = {
  name: string;
  legend: string;
  /** The legend is for screen readers only: what stands around says it already. */
  quiet?: boolean;
  choices: readonly { readonly value: T; readonly label: string; readonly help: string }[];
  value: T;
  onChange: (value: T) => void;
};

/** One of a few choices, each with what it means. */
export function Choices<T extends string>({
  name,
  legend,
  quiet = false,
  choices,
  value,
  onChange,
}: ChoicesProps<T>) {
  return (
    <fieldset className="min-w-0">
      <legend className={quiet ? "sr-only" : "mb-2 text-[0.8125rem] font-medium"}>{legend}</legend>
      <div className="space-y-2.5">
        {choices.map((choice) => (
          <label key={choice.value} className="flex cursor-pointer items-start gap-2.5">
            <input
              type="radio"
              name={name}
              checked={value === choice.value}
              onChange={() => onChange(choice.value)}
              className="mt-1 accent-(--river)"
            />
            <span>
              {choice.label}
              <span className="block text-xs text-ink-3">{choice.help}</span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
