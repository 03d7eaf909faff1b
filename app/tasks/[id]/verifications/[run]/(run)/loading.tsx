import { PageSkeleton } from "@/components/controls/page-skeleton";

export default function Loading() {
  return <PageSkeleton of="the verification" parts={["middle", "full"]} />;
}
