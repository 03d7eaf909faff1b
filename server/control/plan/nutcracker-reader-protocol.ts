import type { NutcrackerConfig } from "../../twemproxy/nutcracker-config.ts";

/** What the thread is sent, and what it answers. */
export type NutcrackerQuestion = { readonly id: number; readonly text: string };
export type NutcrackerAnswer = { readonly id: number; readonly config: NutcrackerConfig };
