/** Class names that the menus share. */
export const menuLook =
  "z-50 min-w-44 animate-[appear_120ms_ease-out] rounded-xl border bg-surface p-1 shadow-high outline-none";

export const menuItemLook =
  "flex h-9 cursor-pointer items-center gap-2.5 rounded-lg px-2.5 text-sm outline-none select-none data-[highlighted]:bg-ink/7 data-[disabled]:cursor-not-allowed data-[disabled]:opacity-45";
