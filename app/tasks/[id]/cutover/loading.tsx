import { Skeleton } from "@/components/controls/skeleton";

export default function Loading() {
  return (
    <div role="status" aria-label="Loading the cutover">
      <Skeleton className="h-4 w-20" />
      <Skeleton className="mt-3 h-8 w-72 max-w-full" />
      <Skeleton className="mt-6 h-52 w-full rounded-xl" />
      <div className="mt-5 grid gap-5 md:grid-cols-2">
        <Skeleton className="h-72 rounded-xl" />
        <Skeleton className="h-72 rounded-xl" />
      </div>
    </div>
  );
}
