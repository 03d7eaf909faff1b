import { describe, expect, it } from "vitest";
import { badgeSvg } from "../../server/api/status-badge.ts";

describe("a badge", () => {
  it("says the state in words and not by its color alone", () => {
    const svg = badgeSvg({ label: "river", text: "failed, 1 of 2 synchronizing", health: "failed" });
    expect(svg).toContain('aria-label="river: failed, 1 of 2 synchronizing"');
    expect(svg).toContain("#b3261e");
  });

  it("runs nothing that stands in the name of a task, and asks for nothing from elsewhere", () => {
    const label = `"><script>alert(1)</script><image href='https://evil.example/x'/>&`;
    const svg = badgeSvg({ label, text: "nothing runs", health: "idle" });
    expect(svg).not.toMatch(/<(script|image|foreignObject|style)/);
    expect(svg).not.toMatch(/(href|src)="/);
    expect(svg).toContain("&lt;script&gt;");
  });

  it("bounds a long name", () => {
    const svg = badgeSvg({ label: "x".repeat(500), text: "nothing runs", health: "idle" });
    expect(svg).toContain(`${"x".repeat(59)}…</text>`);
  });
});
