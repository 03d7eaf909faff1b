import { Ago } from "@/components/live/ago";

type LastUsedProps = {
  use: { readonly lastUsedAt: number | null; readonly lastUsedFrom: string | null };
};

/** When a token or a link was used last, and from where. */
export function LastUsed({ use: { lastUsedAt, lastUsedFrom } }: LastUsedProps) {
  if (lastUsedAt === null) return "Never used";
  return (
    <>
      Last used <Ago at={lastUsedAt} />
      {lastUsedFrom === null ? "" : ` from ${lastUsedFrom}`}
    </>
  );
}
