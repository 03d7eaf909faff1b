import type { Role } from "@/server/people/role";

export const roleChoices: readonly { readonly value: Role; readonly label: string; readonly help: string }[] =
  [
    { value: "viewer", label: "Viewer", help: "Looks at tasks, charts, events and verifications." },
    {
      value: "operator",
      label: "Operator",
      help: "Creates, runs, changes, verifies and repairs tasks as well.",
    },
    {
      value: "admin",
      label: "Administrator",
      help: "Manages people, deletes tasks, completes a cutover and reads the audit as well.",
    },
  ];

export function roleWord(role: Role): string {
  return roleChoices.find(({ value }) => value === role)?.label ?? role;
}
