"use client";

import { createContext, type ReactNode, useContext } from "react";
import type { Me } from "@/server/api/account-router";
import type { Role } from "@/server/people/role";

const MeContext = createContext<Me>({ login: "on", identity: null, role: null, guest: null, hidden: null });

/** Who is signed in, as the server knew when it made the page. */
export function MeProvider({ me, children }: { me: Me; children: ReactNode }) {
  return <MeContext value={me}>{children}</MeContext>;
}

export function useMe(): Me {
  return useContext(MeContext);
}

const order: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 };

/** Whether to show what needs this role. The server refuses it in any case. */
export function useMay(needs: Role): boolean {
  const { role } = useMe();
  return role !== null && order[role] >= order[needs];
}

type ForRoleProps = { needs: Role; otherwise?: ReactNode; children: ReactNode };

/** What is shown only to those who may use it. */
export function ForRole({ needs, otherwise = null, children }: ForRoleProps) {
  return useMay(needs) ? children : otherwise;
}
