import type { Locator, Page } from "playwright-core";
import { call } from "@mayfly/testing/api.ts";
import type { World } from "@mayfly/testing/world.ts";

/** The link of the agent's waiting request in the inbox. */
export function waiting(page: Page, operations: string): Locator {
  return page.getByRole("link", { name: new RegExp(`support-bot.*${operations} on orders-db`) });
}

/** Opens the dialog of a decision on a request's page or in the inbox's pane. */
export async function begin(page: Page, decision: "Approve" | "Refuse"): Promise<Locator> {
  await page
    .getByRole("button", { name: new RegExp(`^${decision}`) })
    .first()
    .click();
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  return dialog;
}

/** The button in the dialog that sends the decision. */
export function send(dialog: Locator, decision: "Approve" | "Refuse"): Locator {
  return dialog.getByRole("button", { name: decision, exact: true });
}

/** Decides from beginning to end, and waits until the dialog is gone. */
export async function decide(page: Page, decision: "Approve" | "Refuse", comment = ""): Promise<void> {
  const dialog = await begin(page, decision);
  if (comment !== "") await dialog.getByRole("textbox").fill(comment);
  await send(dialog, decision).click();
  await dialog.waitFor({ state: "hidden" });
}

/** Keeps server-sent events from a page, so that it does not know what happened meanwhile. */
export async function deaf(page: Page): Promise<void> {
  await page.route("**/v1/events*", (route) => route.abort());
}

/** The grants in force, as the Live page lists them for an operator. */
export function grants(page: Page): Locator {
  return page
    .getByRole("listitem")
    .filter({ has: page.getByRole("button", { name: "Revoke", exact: true }) });
}

/** The records of the log that belong to a request, as an auditor reads them. */
export async function recordsOf(world: World, id: string): Promise<readonly Record<string, unknown>[]> {
  const ada = await world.personToken("ada@example.com");
  const { body } = await call(world.gateway, ada, "GET", `/v1/audit/records?request=${id}&limit=200`);
  return (body as { records: Record<string, unknown>[] }).records;
}
