// Makes docs/images/*.png from a real console with the seeded data set, but for those that end in -before, which nothing can
// make again. `npm run screenshots` brings what it needs.
import { mkdirSync } from "node:fs";
import path from "node:path";
import { phone, signedIn, startBrowser, type Visitor, type VisitorOptions } from "@mayfly/testing/browser.ts";
import { root } from "@mayfly/testing/gateway.ts";
import type { Login } from "@mayfly/testing/people.ts";
import { startSeededWorld } from "@mayfly/testing/seeded/world.ts";

const folder = path.join(root, "docs/images");
mkdirSync(folder, { recursive: true });
const world = await startSeededWorld();
const browser = await startBrowser();
const desktop = { viewport: { width: 1200, height: 760 } };
const tall = { viewport: { width: 1200, height: 980 } };

/** Keeps what is on the screen, once nothing on it is still on its way. */
async function keep({ page }: Visitor, name: string): Promise<void> {
  // By its element: under a dialog it is no heading to anybody.
  await page.locator("h1").waitFor();
  await page.getByRole("status", { name: "Loading" }).first().waitFor({ state: "hidden" });
  await page.evaluate("document.fonts.ready.then(() => undefined)");
  await page.screenshot({ path: path.join(folder, `${name}.png`), animations: "disabled" });
  console.log(`docs/images/${name}.png`);
}

const as = (login: Login, to: string, options: VisitorOptions = desktop): Promise<Visitor> =>
  signedIn(browser, world.gateway, login, to, options);

async function reviewers(): Promise<void> {
  const rosa = await as("rosa@example.com", "/inbox", { viewport: { width: 1440, height: 900 } });
  await rosa.page.getByRole("button", { name: /^Approve/ }).waitFor();
  await keep(rosa, "inbox");
  const id = new URL(rosa.page.url()).searchParams.get("id") ?? "";
  await rosa.page.setViewportSize(desktop.viewport);
  await rosa.open("/reach");
  await rosa.page.getByRole("table").first().waitFor();
  await keep(rosa, "reach");
  const onPhone = await as("rosa@example.com", id === "" ? "/inbox" : `/requests/${id}`, {
    ...phone,
    colorScheme: "dark",
  });
  if (id === "")
    await onPhone.page
      .getByRole("link", { name: /TICKET-/ })
      .first()
      .click();
  await onPhone.page.getByRole("button", { name: /^Approve/ }).waitFor();
  await keep(onPhone, "request-phone");
}

async function operators(): Promise<void> {
  const olga = await as("olga@example.com", "/overview");
  await olga.page.getByRole("img", { name: /acts over the last day/ }).waitFor();
  await keep(olga, "overview");
  await olga.open("/live");
  const grants = olga.page.getByRole("list", { name: "Grants" });
  await grants.getByText("GET /v1/feed", { exact: true }).waitFor();
  await keep(olga, "live");
  await olga.page.setViewportSize(tall.viewport);
  await grants.getByRole("link", { name: "debug-shop" }).first().click();
  await olga.page
    .getByRole("region", { name: "Emergency access" })
    .getByText(/^No webhook/)
    .waitFor();
  await olga.page.getByRole("list", { name: "What happened, oldest first" }).waitFor();
  await keep(olga, "story");
  await olga.page.setViewportSize(desktop.viewport);
  await olga.open("/live");
  await grants.getByRole("link", { name: "refund-bot" }).first().click();
  await olga.page.getByRole("heading", { name: "What it can ask for" }).waitFor();
  await keep(olga, "agent");
  const dark = await as("olga@example.com", "/connections", { ...desktop, colorScheme: "dark" });
  await dark.page.getByText("up", { exact: true }).first().waitFor({ timeout: 45_000 });
  await dark.page.keyboard.press("Control+k");
  await dark.page.getByRole("combobox", { name: /^Find pages/ }).fill("refund");
  await dark.page
    .getByRole("option", { name: /^refund-bot: / })
    .first()
    .waitFor();
  await keep(dark, "palette");
}

async function auditors(): Promise<void> {
  const ada = await as("ada@example.com", "/activity");
  await ada.page.getByRole("list", { name: "Records" }).waitFor();
  await ada.page.getByRole("toolbar", { name: /^Acts over time/ }).waitFor();
  await keep(ada, "activity");
  await ada.open("/activity?connection=shop-cluster&type=act.intent,act.outcome");
  const logged = ada.page
    .getByRole("list", { name: "Records" })
    .getByRole("listitem")
    .filter({ hasText: "error.log" })
    .filter({ hasText: "status 0" })
    .first();
  await logged.getByRole("button", { name: "Replay the recording" }).click();
  await ada.page.getByText("payment provider is back").waitFor();
  await ada.page.getByLabel("Search the recording").fill("timed out");
  await ada.page.getByRole("button", { name: "Next" }).click();
  await ada.page
    .getByRole("region", { name: "Recording" })
    .evaluate("(there) => there.scrollIntoView({ block: 'center' })");
  await keep(ada, "replay");
  await ada.open("/connections");
  await ada.page.getByText("up", { exact: true }).first().waitFor({ timeout: 45_000 });
  await keep(ada, "connections");
  await ada.open("/integrity");
  await ada.page.getByText(/Log is intact/).waitFor();
  await keep(ada, "integrity");
}

try {
  await reviewers();
  await operators();
  await auditors();
} finally {
  await browser.close();
  await world.stop();
}
