"use client";

import { Check, Monitor, Moon, Sun } from "lucide-react";
import { useTheme } from "next-themes";
import { DropdownMenu } from "radix-ui";
import { menuItemLook, menuLook } from "@/components/controls/menu-look";
import { useHydrated } from "@/components/live/now";

const themes = [
  { value: "system", word: "As the system", icon: Monitor },
  { value: "light", word: "Light", icon: Sun },
  { value: "dark", word: "Dark", icon: Moon },
] as const;

/** Light, dark, or what the system says. */
export function ThemeMenu() {
  const { theme, setTheme } = useTheme();
  const hydrated = useHydrated();
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger
        aria-label="Theme"
        className="inline-flex size-8 items-center justify-center rounded-lg text-ink-2 hover:bg-ink/7 hover:text-ink"
      >
        <Sun className="size-4 dark:hidden" aria-hidden />
        <Moon className="hidden size-4 dark:block" aria-hidden />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content align="end" sideOffset={6} className={menuLook}>
          <DropdownMenu.RadioGroup value={hydrated ? (theme ?? "system") : "system"} onValueChange={setTheme}>
            {themes.map(({ value, word, icon: Icon }) => (
              <DropdownMenu.RadioItem key={value} value={value} className={menuItemLook}>
                <Icon className="size-4 text-ink-3" aria-hidden />
                {word}
                <DropdownMenu.ItemIndicator className="ml-auto pl-4">
                  <Check className="size-4 text-river" aria-hidden />
                </DropdownMenu.ItemIndicator>
              </DropdownMenu.RadioItem>
            ))}
          </DropdownMenu.RadioGroup>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
