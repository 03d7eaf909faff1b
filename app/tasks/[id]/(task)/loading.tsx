import { PageSkeleton } from "@/components/controls/page-skeleton";

export default function Loading() {
  return <PageSkeleton of="the task" parts={["middle", ["tall", "tall"]]} />;
}
