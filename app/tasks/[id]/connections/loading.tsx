import { PageSkeleton } from "@/components/controls/page-skeleton";

export default function Loading() {
  return <PageSkeleton of="the connections" parts={["middle", ["tall", "tall"]]} />;
}
