// tier: full
import { expect, test } from "vitest";
import { inaccessible } from "./accessible.ts";
import { useStage } from "./stage.ts";

const until = new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10);
const stage = useStage({
  configure: (text) => text.replace(/^( {2}orders-db:\n)/m, `$1    observe: { until: ${until} }\n`),
});

test("every page says that a connection is observed, and until when", async () => {
  const { page, open } = await stage.signedIn("olga@example.com", "/overview");
  const banner = page.getByRole("alert").filter({ hasText: "Observed:" });
  await banner.waitFor();
  expect(await banner.innerText()).toContain(`orders-db until the end of ${until}, UTC`);
  expect(await inaccessible(page)).toEqual([]);
  await banner.getByRole("link", { name: "Connections" }).click();
  await page.getByRole("list", { name: "Connections" }).waitFor();
  await page.getByText("Whatever can be recorded, to learn what is needed").waitFor();
  expect(await inaccessible(page)).toEqual([]);
  await open("/integrity");
  await banner.waitFor();
});
