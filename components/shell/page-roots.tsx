"use client";

import { ThemeProvider } from "next-themes";
import { Tooltip } from "radix-ui";
import type { ReactNode } from "react";
import { Toaster } from "sonner";
import { AwayPage } from "@/components/live/away-page";
import { ConnectionBanner } from "@/components/live/connection-banner";
import { HoldLinks } from "@/components/live/hold-links";
import { NowProvider } from "@/components/live/now";
import { TrpcRoot } from "@/components/live/trpc-root";
import { MeProvider } from "@/components/people/me";
import { SessionWatch } from "@/components/people/session-watch";
import type { Me } from "@/server/api/account-router";

type PageRootsProps = { initialNow: number; nonce: string; me: Me; children: ReactNode };

/** What every page stands in: theme, clock, the line to the server, hints and notices. */
export function PageRoots({ initialNow, nonce, me, children }: PageRootsProps) {
  return (
    <ThemeProvider
      attribute="class"
      defaultTheme="system"
      enableSystem
      disableTransitionOnChange
      nonce={nonce}
    >
      <NowProvider initialNow={initialNow}>
        <TrpcRoot live={me.role !== null || me.guest !== null}>
          <Tooltip.Provider delayDuration={300}>
            <MeProvider me={me}>
              {children}
              <SessionWatch />
            </MeProvider>
            <HoldLinks />
            <AwayPage />
            <ConnectionBanner />
            <Toaster
              position="bottom-right"
              toastOptions={{
                classNames: {
                  toast: "!bg-surface !text-ink !border-line !shadow-high !rounded-xl !font-sans",
                  description: "!text-ink-2",
                },
              }}
            />
          </Tooltip.Provider>
        </TrpcRoot>
      </NowProvider>
    </ThemeProvider>
  );
}
