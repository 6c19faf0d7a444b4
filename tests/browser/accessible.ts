import axe from "axe-core";
import type { Page } from "playwright-core";

/** Violations of WCAG 2.0, 2.1 and 2.2 at levels A and AA, a line each. */
export async function inaccessible(page: Page): Promise<readonly string[]> {
  // Through the debugger's protocol, so that the page's content security policy does not stand in the way.
  await page.evaluate(`${axe.source}; undefined`);
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const found = await page.evaluate(
    `axe.run(document, { runOnly: ${JSON.stringify(tags)}, resultTypes: ["violations"] }).then(({ violations }) =>
      violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => id + ": " + html + " " + failureSummary)))`,
  );
  return found as string[];
}
