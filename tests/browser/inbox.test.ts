// tier: full
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { accessTo, ask, askRefund, requestNow, type Asked } from "@mayfly/testing/agent.ts";
import { call } from "@mayfly/testing/api.ts";
import { consoleSession } from "@mayfly/testing/console.ts";
import { psql } from "@mayfly/testing/world.ts";
import { decide } from "./deciding.ts";
import { inaccessible } from "./accessible.ts";
import { useStage } from "./stage.ts";

const pane = (page: Page) => page.getByRole("region", { name: "The selected request" });
const list = (page: Page) => page.getByRole("region", { name: "What waits" });

describe("a reviewer with much to decide", () => {
  const stage = useStage();
  const asked: Asked[] = [];

  beforeAll(async () => {
    // What came before: a refund that was approved, used, and overstepped.
    const done = await askRefund(stage.world, "TICKET-1: charged twice");
    const ravi = await consoleSession(stage.world.gateway, stage.world.okta, "ravi@example.com");
    await ravi.call("POST", `/v1/requests/${done.id}/approve`, { digest: done.digest, comment: "" });
    const access = await accessTo(stage.world, done.id);
    // Twice: the second record of a session names the statement by its digest alone.
    const tried = "delete from orders where id = 17";
    await psql(stage.world, access.env, ["-c", tried, "-c", tried]);
    for (const number of [2, 3, 4]) asked.push(await askRefund(stage.world, `TICKET-${number}: lost`));
    asked.push(
      await ask(stage.world, {
        operations: ["read-orders", "refund-order"],
        reason: "TICKET-5: look and refund",
      }),
    );
  });

  test("reads what exactly in tables, what came of earlier requests, and what was denied", async () => {
    const rosa = await stage.signedIn("rosa@example.com", `/inbox?id=${asked[0]?.id}`);
    const shown = pane(rosa.page);
    await shown.getByText("TICKET-2: lost").waitFor();
    const table = shown.getByRole("table", { name: "Tables and columns" });
    await expect.poll(() => table.getByRole("rowheader").allInnerTexts()).toEqual(["public.orders"]);
    await shown.getByText("Asked for this once before: 1 approved.").waitFor();
    const denied = shown.getByRole("list", { name: "Denied under this grant" });
    await expect.poll(() => denied.getByText("delete from orders where id = 17").count()).toBe(2);
    // In words, and never a bare clock.
    await shown
      .getByText(/^\d+ min left$/)
      .first()
      .waitFor();
    expect(await shown.getByText(/^\d+:\d\d/).count()).toBe(0);
  });

  test("keeps filter and selection in the address, and both are there after a reload", async () => {
    const { page } = await stage.signedIn("rosa@example.com", "/inbox");
    await list(page).getByText("TICKET-3: lost").click();
    await expect.poll(() => new URL(page.url()).searchParams.get("id")).toBe(asked[1]?.id);
    await page.getByRole("searchbox", { name: "Search" }).fill("TICKET-3");
    await expect.poll(() => new URL(page.url()).searchParams.get("text")).toBe("TICKET-3");
    await page.reload();
    await pane(page).getByText("TICKET-3: lost").waitFor();
    expect(await page.getByRole("searchbox", { name: "Search" }).inputValue()).toBe("TICKET-3");
    await expect.poll(() => list(page).getByRole("link").count()).toBe(1);
  });

  test("a link to a request of the inbox shows that one, whatever is more urgent", async () => {
    const { page } = await stage.signedIn("rosa@example.com", `/inbox?id=${asked[3]?.id}`);
    const reason = pane(page).getByText("TICKET-5: look and refund");
    await reason.waitFor();
    expect(await reason.count()).toBe(1);
  });

  test("after a dialog the keyboard is at the list again, and its keys work", async () => {
    const { page } = await stage.signedIn("rosa@example.com", `/inbox?id=${asked[0]?.id}`);
    await pane(page).getByText("TICKET-2: lost").waitFor();
    await pane(page)
      .getByRole("button", { name: /^Refuse/ })
      .click();
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await expect
      .poll(() => page.evaluate("document.activeElement?.getAttribute('aria-label') ?? ''"))
      .toBe("What waits");
    await page.keyboard.press("j");
    await pane(page).getByText("TICKET-3: lost").waitFor();
  });

  test("counts what waits on every page, in the navigation and in the title", async () => {
    const { page } = await stage.signedIn("rosa@example.com", "/reach");
    await expect.poll(() => page.title()).toBe("(4) Reach · Mayfly");
    await page.getByRole("link", { name: /^Inbox\s*4 waiting for you$/ }).waitFor();
  });

  test("finds a request, an agent and a page by a few words, without a mouse", async () => {
    const { page } = await stage.signedIn("rosa@example.com", "/reach");
    await page.getByRole("heading", { level: 1, name: "Reach" }).waitFor();
    const dialog = page.getByRole("dialog", { name: "Find anything" });
    const find = async (words: string, best: RegExp): Promise<void> => {
      await page.keyboard.press("Control+k");
      await dialog.getByRole("combobox").fill(words);
      await dialog.getByRole("option", { name: best, selected: true }).waitFor();
    };
    await find("TICKET-4", /support-bot: refund-order on orders-db/);
    expect(await inaccessible(page)).toEqual([]);
    await page.keyboard.press("Enter");
    await pane(page).getByText("TICKET-4: lost").waitFor();
    await find("support-bot", /^support-bot\s*agent of owner@example.com/);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "support-bot" }).waitFor();
    await find("connections", /^Connections/);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Connections" }).waitFor();
  });

  test("an agent's page says who owns it, what became of its requests, and what it never uses", async () => {
    const ada = await stage.signedIn("ada@example.com", `/requests/${asked[0]?.id}`);
    await ada.page.getByRole("link", { name: "support-bot", exact: true }).first().click();
    const { page } = ada;
    await page.getByRole("heading", { level: 1, name: "support-bot" }).waitFor();
    await page.getByText("owner@example.com").first().waitFor();
    await page.getByText("4 waiting, 1 approved").waitFor();
    await page.getByText(/^\d+ of \d+ acts? denied/).waitFor();
    const row = page.getByRole("row", { name: /read-orders/ });
    await row.getByText("never").waitFor();
    await page.getByText("delete from orders where id = 17").first().waitFor();
    expect(await inaccessible(page)).toEqual([]);
  });

  test("refuses what one agent asks many times at once, with one reason; what was decided meanwhile stays", async () => {
    const { page } = await stage.signedIn("rosa@example.com", "/inbox");
    await page.getByRole("button", { name: /^Refuse all 3 of support-bot/ }).click();
    const dialog = page.getByRole("dialog", { name: "Refuse 3 requests?" });
    await dialog.getByRole("textbox").fill("the carrier found them");
    await dialog.getByRole("button", { name: "Refuse 3 requests" }).click();
    await page.getByText("3 requests refused.").waitFor();
    for (const { id } of asked.slice(0, 3)) {
      const after = await requestNow(stage.world, id);
      expect(after.state).toBe("refused");
      expect(JSON.stringify(after)).toContain("the carrier found them");
    }
    expect((await requestNow(stage.world, asked[3]?.id ?? "")).state).toBe("pending");
    // There is no button that approves more than the request that is shown.
    await pane(page).getByText("TICKET-5: look and refund").waitFor();
    await expect.poll(() => page.getByRole("button", { name: /^Approve/ }).count()).toBe(1);
  });

  test("goes on with the next request after a decision, and lists what one has decided", async () => {
    const next = await askRefund(stage.world, "TICKET-6: the next one");
    const { page } = await stage.signedIn("rosa@example.com", `/inbox?id=${asked[3]?.id}`);
    await pane(page).getByText("TICKET-5: look and refund").waitFor();
    await list(page).getByText("TICKET-6: the next one").waitFor();
    await decide(page, "Refuse", "not needed");
    await pane(page).getByText("TICKET-6: the next one").waitFor();
    await page.getByRole("link", { name: "Decided by you" }).click();
    const decisions = page.getByRole("list", { name: "Your decisions, newest first" });
    await decisions.getByText("You wrote: not needed").waitFor();
    await expect.poll(() => decisions.getByText(/TICKET-[2-5]/).count()).toBe(4);
    // Ravi's decision is none of hers.
    expect(await decisions.getByText("TICKET-1: charged twice").count()).toBe(0);
    // Without the notice of the decision.
    await page.reload();
    await decisions.waitFor();
    expect(await inaccessible(page)).toEqual([]);
    const ravi = await stage.world.personToken("ravi@example.com");
    const { body } = await call(stage.world.gateway, ravi, "GET", "/v1/requests?all=true&decided=true");
    expect((body as { requests: Asked[] }).requests.map(({ id }) => id)).not.toContain(next.id);
  });

  test("on a phone the page scrolls and no box in it, and what is pressed is 44 pixels high", async () => {
    const { page } = await stage.signedIn("rosa@example.com", "/inbox", {
      viewport: { width: 390, height: 844 },
      phone: true,
    });
    await list(page).getByText("TICKET-6: the next one").waitFor();
    const boxes = await page.evaluate(`[...document.querySelectorAll("main *")].filter((element) =>
      /auto|scroll/.test(getComputedStyle(element).overflowY) && element.scrollHeight > element.clientHeight + 1
    ).map((element) => element.className)`);
    expect(boxes).toEqual([]);
    const small =
      await page.evaluate(`[...document.querySelectorAll("button, main a, nav a, select, input[type=search]")]
      .filter((element) => element.checkVisibility() && element.getClientRects().length > 0)
      .map((element) => [element.getBoundingClientRect().height, element.textContent || element.className])
      .filter(([height]) => height > 0 && height < 44)`);
    expect(small).toEqual([]);
    expect(
      await page.locator("kbd").evaluateAll((keys) => keys.filter((key) => key.checkVisibility()).length),
    ).toBe(0);
  });
});
