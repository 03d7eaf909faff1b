import { Skeleton } from "@/components/controls/skeleton";

export default function Loading() {
  return (
    <div role="status" aria-label="Loading the verification">
      <Skeleton className="h-4 w-40" />
      <Skeleton className="mt-3 h-8 w-72 max-w-full" />
      <Skeleton className="mt-6 h-44 w-full rounded-xl" />
      <Skeleton className="mt-5 h-96 w-full rounded-xl" />
    </div>
  );
}
