import type { Role } from "@/server/people/role";

export const roleChoices: readonly { readonly value: Role; readonly label: string; readonly help: string }[] =
  [
    { value: "viewer", label: "Viewer", help: "Can view tasks, charts, events and verifications." },
    {
      value: "operator",
      label: "Operator",
      help: "Can also create, run, change, verify and repair tasks.",
    },
    {
      value: "admin",
      label: "Administrator",
      help: "Can also manage people, delete tasks, complete cutovers and read the audit log.",
    },
  ];

export function roleWord(role: Role): string {
  return roleChoices.find(({ value }) => value === role)?.label ?? role;
}
