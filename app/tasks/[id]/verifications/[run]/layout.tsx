import type { ReactNode } from "react";
import { caller, orNotFound, wholeNumber } from "@/app/server-caller";

type Props = { params: Promise<{ id: string; run: string }>; children: ReactNode };

/** Outside of what shows while a page loads: an unknown run is answered with 404, before anything is sent. */
export default async function RunLayout({ params, children }: Props) {
  const { id, run } = await params;
  await orNotFound((await caller()).verify.run({ id, run: wholeNumber(run) }));
  return children;
}
