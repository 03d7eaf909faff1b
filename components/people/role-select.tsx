"use client";

import { inputLook } from "@/components/controls/text-input";
import { cx } from "@/components/format/cx";
import type { Role } from "@/server/people/role";
import { roleChoices } from "./role-words";

type RoleSelectProps = { label: string; value: Role; onChange: (role: Role) => void };

/** One of the roles, in one line. */
export function RoleSelect({ label, value, onChange }: RoleSelectProps) {
  return (
    <span className="w-36 shrink-0">
      <select
        aria-label={label}
        value={value}
        onChange={(event) => onChange(event.target.value as Role)}
        className={cx(inputLook, "h-9")}
      >
        {roleChoices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.label}
          </option>
        ))}
      </select>
    </span>
  );
}
