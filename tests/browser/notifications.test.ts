// tier: full
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { askRefund } from "@mayfly/testing/agent.ts";
import type { Visitor } from "@mayfly/testing/browser.ts";
import { useStage } from "./stage.ts";

const stage = useStage();

interface Shown {
  readonly title: string;
  readonly body: string;
}

// Playwright's pages always have the focus, and show no notifications: both stand in, and the permission is the browser's own.
const standIns = `
  globalThis.shown = [];
  document.hasFocus = () => false;
  globalThis.Notification = class extends Notification {
    constructor(title, options) {
      super(title, options);
      globalThis.shown.push({ title, body: options.body });
    }
  };`;

async function reviewer(): Promise<Visitor> {
  const who = await stage.visitor();
  await who.context.grantPermissions(["notifications"], { origin: stage.world.gateway.url });
  await who.context.addInitScript({ content: standIns });
  await who.open("/inbox");
  await who.signIn("rosa@example.com");
  await who.page.getByText("No requests waiting for you").first().waitFor();
  return who;
}

const shown = (page: Page): Promise<readonly Shown[]> => page.evaluate("globalThis.shown");

test("a new request makes one notification, as plain text, where somebody asked for them, and none elsewhere", async () => {
  const [wanting, other] = [await reviewer(), await reviewer()];
  await wanting.page.getByRole("button", { name: /^Account of/ }).click();
  const item = wanting.page.getByRole("menuitemcheckbox", { name: "Desktop notifications" });
  await item.click();
  await expect.poll(() => item.getAttribute("aria-checked")).toBe("true");
  await wanting.page.keyboard.press("Escape");

  const reason = `TICKET-7 <img src=x onerror="globalThis.injected=1"> [click](https://evil.test)`;
  await askRefund(stage.world, reason);
  await expect.poll(() => shown(wanting.page)).toHaveLength(1);
  expect(await shown(wanting.page)).toEqual([
    { title: "support-bot asks for refund-order on orders-db", body: reason },
  ]);
  for (const { page } of [wanting, other]) await page.getByText(reason).first().waitFor();
  expect(await shown(other.page)).toEqual([]);
  expect(await wanting.page.evaluate("globalThis.injected")).toBeUndefined();

  // The page that is loaded again knows what waits already.
  await wanting.page.reload();
  await wanting.page.getByText(reason).first().waitFor();
  expect(await shown(wanting.page)).toEqual([]);
});
