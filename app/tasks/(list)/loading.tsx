import { Card } from "@/components/controls/card";
import { Skeleton } from "@/components/controls/skeleton";

const rows = ["a", "b", "c"];

export default function Loading() {
  return (
    <div role="status" aria-label="Loading the tasks">
      <Skeleton className="mb-5 h-9 w-40" />
      <Card>
        {rows.map((row) => (
          <div key={row} className="flex items-center gap-6 border-b px-4 py-5 last:border-0">
            <Skeleton className="h-5 flex-1" />
            <Skeleton className="h-6 w-28 rounded-full" />
            <Skeleton className="h-5 w-24 max-sm:hidden" />
            <Skeleton className="h-5 w-32 max-md:hidden" />
          </div>
        ))}
      </Card>
    </div>
  );
}
