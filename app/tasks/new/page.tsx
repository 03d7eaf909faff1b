import type { Metadata } from "next";
import { NewTask } from "./client";

export const metadata: Metadata = { title: "New task" };

export default function NewTaskPage() {
  return <NewTask />;
}
