import { PageSkeleton } from "@/components/controls/page-skeleton";

export default function Loading() {
  return <PageSkeleton of="the cutover" parts={["middle", ["tall", "tall"]]} />;
}
