import { PageSkeleton } from "@/components/controls/page-skeleton";

export default function Loading() {
  return <PageSkeleton of="the verifications" parts={["middle", "tall"]} />;
}
