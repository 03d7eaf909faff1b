/** Ends this browser's session, and shows the login. */
export async function signOut(): Promise<void> {
  await fetch("/api/auth/logout", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  window.location.assign("/login");
}
