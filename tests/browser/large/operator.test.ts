// tier: full
import { describe, expect, test } from "vitest";
import { consoleSession } from "@mayfly/testing/console.ts";
import { planOf, usualAmounts } from "@mayfly/testing/seeded/plan.ts";
import { inaccessible } from "../accessible.ts";
import { useLargeStage } from "./stage.ts";

/** How many of a list are in each state. */
const tally = (list: readonly { readonly state: string }[]): Record<string, number> =>
  Object.fromEntries(
    [...Map.groupBy(list, ({ state }) => state)].map(([state, { length }]) => [state, length]),
  );

// One file and one gateway: a day of history takes a while to write.
describe("an operator and an auditor with a day of history", () => {
  const stage = useLargeStage();

  // First: some of the grants end in a few minutes.
  test("has the data set as planned, and the gateway has taken it up", async () => {
    const { gateway, okta } = stage.world;
    const olga = await consoleSession(gateway, okta, "olga@example.com");
    const grants = await olga.call("GET", "/v1/grants?all=true");
    expect(tally((grants.body as { grants: { state: string }[] }).grants)).toEqual({
      active: 72,
      expired: 46,
      released: 52,
      revoked: 20,
    });
    const requests = await olga.call("GET", "/v1/requests?all=true");
    expect(tally((requests.body as { requests: { state: string }[] }).requests)).toEqual({
      approved: 190,
      pending: 48,
      refused: 14,
      withdrawn: 6,
      timed_out: 5,
      denied: 10,
    });
  });

  test("finds what runs, in the words of its protocol, and everything in the address", async () => {
    const olga = await stage.signedIn("olga@example.com", "/live");
    const rows = olga.page.getByRole("list", { name: "Grants" }).getByRole("listitem");
    // What runs in an emergency stands on top, as kubectl would be told it.
    await rows.first().getByText("kubectl exec web-1 -n shop -- ls -la").waitFor();
    await rows.first().getByText("break-glass").waitFor();
    await olga.page.getByText("GET /v1/feed", { exact: true }).waitFor();
    await olga.page.getByText("get_customer(id: 1)").waitFor();
    await olga.page.getByText(/select id, total from public\.payouts/).waitFor();
    // Unused grants are folded, and a click shows them; the address says so.
    const folded = await rows.count();
    expect(folded).toBeLessThan(40);
    await olga.page.getByRole("button", { name: /^Show \d+ grants not in use$/ }).click();
    await expect.poll(() => rows.count()).toBeGreaterThan(60);
    expect(new URL(olga.page.url()).searchParams.get("unused")).toBe("true");
    await olga.page.getByRole("button", { name: /^Emergency/ }).click();
    await expect.poll(() => rows.count()).toBe(5);
    await olga.page.reload();
    await expect.poll(() => rows.count()).toBe(5);
    await olga.page.getByLabel("Search").fill("delete-invoice");
    await expect.poll(() => rows.count()).toBe(1);
    await olga.page.getByLabel("Search").fill("nothing like that");
    await olga.page.getByRole("button", { name: "Show all grants" }).click();
    await expect.poll(() => rows.count()).toBe(folded);
  });

  test("reads what a lock-down would stop before it is confirmed", async () => {
    const olga = await stage.signedIn("olga@example.com", "/live");
    await olga.page.getByRole("button", { name: "Lock everything down" }).click();
    const dialog = olga.page.getByRole("dialog");
    await expect
      .poll(() => dialog.innerText())
      .toMatch(/It ends \d+ grants, cuts \d+ sessions and refuses 48 requests awaiting approval/);
  });

  test("starts at numbers that lead to their lists", async () => {
    const olga = await stage.signedIn("olga@example.com", "/");
    await olga.page.waitForURL("**/overview");
    const now = olga.page.getByRole("list", { name: "Now", exact: true });
    await now.getByRole("link", { name: /^48\s*awaiting approval$/ }).waitFor();
    await olga.page.getByRole("link", { name: /refund-bot/ }).waitFor();
    await olga.page.getByRole("img", { name: /acts over the last day, hour by hour$/ }).waitFor();
    await now.getByRole("link", { name: /^5\s*emergencies$/ }).click();
    await olga.page.waitForURL("**/live?show=emergency");
    await expect
      .poll(() => olga.page.getByRole("list", { name: "Grants" }).getByRole("listitem").count())
      .toBe(5);
  });

  test.each(["/overview", "/live?unused=true", "/activity"])(
    "%s has nothing that axe minds",
    async (path) => {
      for (const colorScheme of ["light", "dark"] as const) {
        const olga = await stage.signedIn("olga@example.com", path, { colorScheme });
        await olga.page.getByRole("status", { name: "Loading" }).first().waitFor({ state: "hidden" });
        expect(await inaccessible(olga.page)).toEqual([]);
      }
    },
  );

  test("reads an act and what came of it in one row", async () => {
    const ada = await stage.signedIn(
      "ada@example.com",
      "/activity?connection=shop-cluster&type=act.intent,act.outcome",
    );
    const rows = ada.page.getByRole("list", { name: "Records" }).getByRole("listitem");
    const exec = rows.filter({ hasText: "kubectl exec" }).filter({ hasText: "status 0" });
    await exec.first().waitFor();
    expect(await rows.filter({ hasText: "finished act" }).count()).toBe(0);
    await ada.open("/activity?connection=tickets-api&type=act.intent,act.outcome");
    await rows
      .filter({ hasText: /GET \/v1\/tickets/ })
      .first()
      .waitFor();
  });

  test("narrows what was done by its chart, and keeps a search under a name", async () => {
    const ada = await stage.signedIn("ada@example.com", "/activity");
    const { page } = ada;
    const bars = page.getByRole("toolbar", { name: /^Acts over time/ }).getByRole("button");
    await bars.first().waitFor();
    expect(await inaccessible(page)).toEqual([]);
    const length = (): number | undefined => {
      const { searchParams } = new URL(page.url());
      const [from, to] = ["from", "to"].map((name) => Date.parse(searchParams.get(name) ?? ""));
      return from === undefined || to === undefined || Number.isNaN(to) ? undefined : to - from + 1;
    };
    const step = 1_800_000;
    // One stop of the tabulator leads into it; keys choose three bars, and the search is those.
    await bars.last().focus();
    await page.keyboard.press("Home");
    await page.keyboard.press("Shift+ArrowRight");
    await page.keyboard.press("Shift+ArrowRight");
    await page.keyboard.press("Enter");
    await expect.poll(length).toBe(3 * step);
    await page.goBack();
    await expect.poll(length).toBeUndefined();
    await bars.nth(48).waitFor();
    const [from, to] = await Promise.all([bars.nth(10).boundingBox(), bars.nth(20).boundingBox()]);
    await page.mouse.move((from?.x ?? 0) + 3, (from?.y ?? 0) + 20);
    await page.mouse.down();
    await page.mouse.move((to?.x ?? 0) + 3, (to?.y ?? 0) + 20, { steps: 4 });
    await page.mouse.up();
    await expect.poll(length).toBe(11 * step);
    const narrowed = page.url();

    await page.getByRole("button", { name: "Save this search" }).click();
    await page.getByLabel("Name").fill("the night");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await ada.open("/activity");
    await page.getByRole("link", { name: "the night" }).click();
    await page.waitForURL(narrowed);
    await page.getByRole("button", { name: "Delete the saved search the night" }).click();
    await page.reload();
    await bars.first().waitFor();
    expect(await page.getByRole("link", { name: "the night" }).count()).toBe(0);
  });

  test("cannot miss an emergency: on Live, in its story, among the records", async () => {
    const olga = await stage.signedIn("olga@example.com", "/live?show=emergency");
    const { page } = olga;
    const row = page.getByRole("list", { name: "Grants" }).getByRole("listitem").first();
    const reason =
      /“(TICKET-.+)”/.exec((await row.getByText(/^“TICKET-/).textContent()) ?? "")?.[1] ?? "none";
    await row.getByRole("link", { name: "debug-shop" }).click();
    const banner = page.getByRole("region", { name: "Emergency access" });
    await banner.getByText(reason).waitFor();
    await banner.getByText("By nobody yet: an emergency takes no approval.").waitFor();
    await banner.getByText(/^No webhook: no delivery of it/).waitFor();
    expect(await inaccessible(page)).toEqual([]);
    await olga.open("/activity?connection=shop-cluster&operation=debug-shop&type=act.intent,act.outcome");
    const records = page.getByRole("list", { name: "Records" }).getByRole("listitem");
    await records.first().getByText("break-glass").waitFor();
    await records.first().getByRole("link", { name: "incident-bot" }).click();
    await page.getByRole("heading", { level: 1, name: "incident-bot" }).waitFor();
  });

  test("replays a recording in the page, and what a command wrote owns nothing there", async () => {
    const ada = await stage.signedIn(
      "ada@example.com",
      "/activity?connection=shop-cluster&type=act.intent,act.outcome",
    );
    const { page } = ada;
    const rows = page.getByRole("list", { name: "Records" }).getByRole("listitem");
    const logged = rows.filter({ hasText: "error.log" }).filter({ hasText: "status 0" }).first();
    await logged.getByRole("button", { name: "Replay the recording" }).click();
    const recording = page.getByRole("region", { name: "Recording" });
    const screen = recording.getByRole("region", { name: "What the terminal showed" });
    await screen.getByText("payment provider is back").waitFor();
    expect(await inaccessible(page)).toEqual([]);
    // The search leads to the moment at which it stood there: what came later is not there yet.
    await recording.getByLabel("Search the recording").fill("order 381");
    await recording.getByRole("button", { name: "Next" }).click();
    await recording.getByText(/^1 of 1, at/).waitFor();
    await screen.getByText("order 382").waitFor({ state: "detached" });
    expect(await screen.innerText()).toMatch(/timed out: order 381\s*$/);
    expect(await screen.locator("a").count()).toBe(0);
    expect(await page.title()).not.toContain("pwned");
    await recording.getByLabel("Speed").selectOption("8×");
    await recording.getByRole("button", { name: "Play", exact: true }).click();
    await recording.getByRole("button", { name: "Play again" }).waitFor();
    await screen.getByText("payment provider is back").waitFor();
    await recording.getByLabel("Position").fill("0");
    await screen.getByText("payment provider").first().waitFor({ state: "detached" });
  });

  test("has the same plan in every run", () => {
    expect(planOf(usualAmounts)).toEqual(planOf(usualAmounts));
  });
});
