// A service worker for one thing: while Tributary does not answer, Back, Reload and an address that is opened end on a
// page that says so and opens what was wanted once it answers, and not on the browser's own error page. It keeps nothing
// of any answer. Browsers run it on https and on localhost alone.

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="3">
<title>No answer · Tributary</title>
<style>
  :root { color-scheme: light dark; --ground: #f8fafa; --ink: #17242b; --ink-2: #4f5f66; }
  @media (prefers-color-scheme: dark) { :root { --ground: #10191d; --ink: #eceff0; --ink-2: #a9b5ba; } }
  body { margin: 0; background: var(--ground); color: var(--ink); font: 1rem/1.5 ui-sans-serif, system-ui, sans-serif; }
  main { max-width: 36rem; margin: 0 auto; padding: 20vh 1.5rem 2rem; }
  h1 { font-size: 1.5rem; line-height: 1.2; margin: 0 0 0.75rem; }
  p { color: var(--ink-2); margin: 0; }
</style>
<main>
  <h1>Tributary does not answer</h1>
  <p role="status">This page opens as soon as it does. Whether synchronization goes on cannot be seen from here: look
  whether Tributary runs.</p>
</main>
</html>`;

const headers = {
  "Content-Type": "text/html; charset=utf-8",
  "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  "Cache-Control": "no-store",
};

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode !== "navigate" || request.method !== "GET") return;
  event.respondWith(fetch(request).catch(() => new Response(page, { status: 503, headers })));
});
