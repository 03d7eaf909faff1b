import { Skeleton } from "@/components/controls/skeleton";

export default function Loading() {
  return (
    <div role="status" aria-label="Loading the verifications">
      <Skeleton className="h-4 w-40" />
      <Skeleton className="mt-3 h-8 w-60 max-w-full" />
      <Skeleton className="mt-6 h-40 w-full rounded-xl" />
      <Skeleton className="mt-5 h-72 w-full rounded-xl" />
    </div>
  );
}
