/** The secret of the share link whose page this is, as it stands in the address; null on other pages. */
export function shareSecret(): string | null {
  return /^\/share\/([^/]+)/.exec(window.location.pathname)?.[1] ?? null;
}
