import axeCore from "axe-core";
import type { Page } from "playwright-core";

type Axe = {
  run: (options: object) => Promise<{
    violations: { id: string; help: string; nodes: { html: string; failureSummary?: string }[] }[];
  }>;
};

/** What axe finds wrong with the page as it is, a line each; empty where it finds nothing. */
export async function axeViolations(page: Page): Promise<string[]> {
  // By the debugger, which the page's policy for scripts does not hold for.
  await page.evaluate(axeCore.source);
  return await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: Axe };
    const { violations } = await axe.run({ resultTypes: ["violations"] });
    return violations.flatMap(({ id, help, nodes }) =>
      nodes.map(({ html, failureSummary = "" }) => `${id}: ${help}: ${html.slice(0, 160)} ${failureSummary}`),
    );
  });
}
