import { PageSkeleton } from "@/components/controls/page-skeleton";

export default function Loading() {
  return <PageSkeleton of="the shard" parts={["low", ["tall", "tall"]]} />;
}
