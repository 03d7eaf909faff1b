import { GeistMono } from "geist/font/mono";
import { GeistSans } from "geist/font/sans";
import type { Metadata, Viewport } from "next";
import { headers } from "next/headers";
import type { ReactNode } from "react";
import { StorageBanner } from "@/components/live/storage-banner";
import { ForRole } from "@/components/people/me";
import { Frame } from "@/components/shell/frame";
import { PageRoots } from "@/components/shell/page-roots";
import { TopBar } from "@/components/shell/top-bar";
import { caller } from "./server-caller";
import "./globals.css";

export const metadata: Metadata = {
  title: { default: "Tributary", template: "%s · Tributary" },
  description: "Merges the shards of a Twemproxy Redis cluster into one Redis, live.",
};

export const viewport: Viewport = {
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#ffffff" },
    { media: "(prefers-color-scheme: dark)", color: "#10191d" },
  ],
};

export default async function RootLayout({ children }: { children: ReactNode }) {
  // The policy of server/api/security-headers.ts, by which the theme's script may run.
  const nonce = (await headers()).get("x-nonce") ?? "";
  const me = await (await caller()).account.me();
  return (
    // The theme's class is set by a script before the first paint, which the server cannot know.
    <html lang="en" className={`${GeistSans.variable} ${GeistMono.variable}`} suppressHydrationWarning>
      <body>
        <PageRoots initialNow={Date.now()} nonce={nonce} me={me}>
          <Frame
            bar={<TopBar />}
            notes={
              <ForRole needs="viewer">
                <StorageBanner />
              </ForRole>
            }
          >
            {children}
          </Frame>
        </PageRoots>
      </body>
    </html>
  );
}
