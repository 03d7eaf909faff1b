import { Skeleton } from "./skeleton";

type PageSkeletonProps = {
  /** What is being loaded, e.g. "the task". */
  of: string;
  /** How tall the page's parts are, from the top; a pair stands side by side on a wide screen. */
  parts: readonly (PartHeight | readonly [PartHeight, PartHeight])[];
};

const heights = { low: "h-28", middle: "h-44", tall: "h-72", full: "h-96" } as const;

type PartHeight = keyof typeof heights;

/** A page of a task while it is being loaded: the way to it, its title and its parts. */
export function PageSkeleton({ of, parts }: PageSkeletonProps) {
  return (
    <div role="status" aria-label={`Loading ${of}`}>
      <Skeleton className="h-4 w-40" />
      <Skeleton className="mt-3 mb-6 h-8 w-72 max-w-full" />
      <div className="space-y-5">
        {parts.map((part, place) =>
          typeof part === "string" ? (
            // biome-ignore lint/suspicious/noArrayIndexKey: a part is known by its place only
            <Skeleton key={place} className={`${heights[part]} w-full rounded-xl`} />
          ) : (
            // biome-ignore lint/suspicious/noArrayIndexKey: a part is known by its place only
            <div key={place} className="grid gap-5 md:grid-cols-2">
              <Skeleton className={`${heights[part[0]]} rounded-xl`} />
              <Skeleton className={`${heights[part[1]]} rounded-xl`} />
            </div>
          ),
        )}
      </div>
    </div>
  );
}
