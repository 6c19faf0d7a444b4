import type { Locator, Page } from "playwright-core";

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
