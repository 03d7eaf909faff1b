import type { Metadata } from "next";
import { caller } from "@/app/server-caller";
import { StatusSettingsPage } from "./client";

export const metadata: Metadata = { title: "Status and links" };

export default async function Page() {
  const api = await caller();
  const [access, links, tasks] = await Promise.all([
    api.status.access(),
    api.share.list({ taskId: null }),
    api.task.list(),
  ]);
  return (
    <StatusSettingsPage
      initial={access}
      links={links}
      tasks={tasks.map(({ id, name }) => [id, name] as const)}
    />
  );
}
