import type { Metadata } from "next";
import { caller } from "@/app/server-caller";
import { TaskList } from "./client";

export const metadata: Metadata = { title: "Tasks" };

export default async function TasksPage() {
  return <TaskList initial={await (await caller()).task.list()} />;
}
