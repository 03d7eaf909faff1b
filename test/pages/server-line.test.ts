import { expect, test, vi } from "vitest";
import { serverLine } from "../../components/live/server-line.ts";

test("opens one WebSocket for a page, however often its first render is begun", () => {
  const opened: string[] = [];
  vi.stubGlobal("window", { location: { protocol: "https:", host: "tributary.example" } });
  vi.stubGlobal(
    "WebSocket",
    class extends EventTarget {
      constructor(url: string) {
        super();
        opened.push(url);
      }
    },
  );
  const first = serverLine(true);
  expect(serverLine(true)).toBe(first);
  return vi.waitFor(() =>
    expect(opened).toEqual([expect.stringMatching(/^wss:\/\/tributary\.example\/api\/live/)]),
  );
});
