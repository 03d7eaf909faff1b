import { Skeleton } from "@/components/controls/skeleton";

export default function Loading() {
  return (
    <div role="status" aria-label="Loading the shard">
      <Skeleton className="h-4 w-40" />
      <Skeleton className="mt-3 h-8 w-60 max-w-full" />
      <Skeleton className="mt-6 h-28 w-full rounded-xl" />
      <div className="mt-5 grid gap-5 lg:grid-cols-2">
        <Skeleton className="h-64 rounded-xl" />
        <Skeleton className="h-64 rounded-xl" />
      </div>
    </div>
  );
}
