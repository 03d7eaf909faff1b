import type { ReactNode } from "react";
import { caller, orNotFound } from "@/app/server-caller";

type Props = { params: Promise<{ id: string }>; children: ReactNode };

/** Outside of what shows while a page loads: an unknown task is answered with 404, before anything is sent. */
export default async function TaskLayout({ params, children }: Props) {
  await orNotFound((await caller()).task.get({ id: (await params).id }));
  return children;
}
