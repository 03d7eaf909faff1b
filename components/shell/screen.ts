/** Pages that have the whole window for themselves: for screens on a wall, and for people without an account. */
export function isScreen(path: string): boolean {
  return path === "/status" || path.startsWith("/share/");
}
