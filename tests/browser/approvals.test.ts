// tier: full
import { describe, expect, test } from "vitest";
import { accessTo, ask, askRefund, requestNow } from "@mayfly/testing/agent.ts";
import { call } from "@mayfly/testing/api.ts";
import { chooseAtProvider, phone, wayIn } from "@mayfly/testing/browser.ts";
import { psql } from "@mayfly/testing/world.ts";
import { begin, decide, deaf, recordsOf, send, waiting } from "./deciding.ts";
import { useStage } from "./stage.ts";

const refund = "update orders set status = 'refunded' where id = 17";

describe("an approval, from the agent's ask to the agent's query", () => {
  const stage = useStage();

  test("by SAML as well", async () => {
    const { id } = await askRefund(stage.world);
    const rosa = await stage.signedIn("rosa@example.com", `/requests/${id}`, { by: "saml" });
    await decide(rosa.page, "Approve");
    await rosa.page.getByText(/^Approved by/).waitFor();
    const access = await accessTo(stage.world, id);
    expect((await psql(stage.world, access.env, ["-c", refund])).stdout).toBe("UPDATE 1\n");
  });

  test("a reviewer allows less: fewer operations, and a shorter time", async () => {
    const { id } = await ask(stage.world, {
      operations: ["read-orders", "refund-order"],
      reason: "TICKET-2: look and refund",
      ttl: "10m",
    });
    const rosa = await stage.signedIn("rosa@example.com", `/requests/${id}`);
    const dialog = await begin(rosa.page, "Approve");
    await dialog.getByText("Allow less than was asked for").click();
    await dialog.getByRole("checkbox", { name: "refund-order" }).uncheck();
    await dialog.getByLabel(/^Time/).selectOption("120");
    await send(dialog, "Approve").click();
    await dialog.waitFor({ state: "hidden" });
    const access = await accessTo(stage.world, id);
    expect((await psql(stage.world, access.env, ["-Atc", "select count(*) from orders"])).stdout).toBe(
      "400\n",
    );
    expect((await psql(stage.world, access.env, ["-c", refund])).stderr).toContain("is not granted");
    const { grant } = await requestNow(stage.world, id);
    const answer = await call(
      stage.world.gateway,
      await stage.world.agentToken(),
      "GET",
      `/v1/grants/${grant?.id ?? ""}`,
    );
    const shown = answer.body as { activated_at: string; ends_at: string };
    expect(Date.parse(shown.ends_at) - Date.parse(shown.activated_at)).toBe(120_000);
  });

  test("a refusal ends it, and the agent reads why", async () => {
    const { id } = await askRefund(stage.world);
    const rosa = await stage.signedIn("rosa@example.com", `/requests/${id}`);
    await decide(rosa.page, "Refuse", "the parcel has arrived");
    await rosa.page.getByText(/^Refused by/).waitFor();
    const after = await requestNow(stage.world, id);
    expect(after.state).toBe("refused");
    expect(JSON.stringify(after)).toContain("the parcel has arrived");
  });

  test("a double click sends one decision", async () => {
    const { id } = await askRefund(stage.world);
    const rosa = await stage.signedIn("rosa@example.com", `/requests/${id}`);
    let sent = 0;
    rosa.page.on("request", (request) => {
      if (request.url().endsWith("/approve")) sent += 1;
    });
    const dialog = await begin(rosa.page, "Approve");
    await send(dialog, "Approve").dblclick();
    await rosa.page.getByText(/^Approved by/).waitFor();
    expect(sent).toBe(1);
    expect((await recordsOf(stage.world, id)).filter(({ type }) => type === "grant.activated")).toHaveLength(
      1,
    );
  });

  test("two reviewers at once: one yes counts, the other is told that somebody was faster", async () => {
    const { id } = await askRefund(stage.world);
    const rosa = await stage.signedIn("rosa@example.com", `/requests/${id}`);
    const ravi = await stage.signedIn("ravi@example.com", `/requests/${id}`);
    await deaf(ravi.page);
    await ravi.page.reload();
    const late = await begin(ravi.page, "Approve");
    await decide(rosa.page, "Approve");
    await send(late, "Approve").click();
    await late.getByText("Somebody decided it first.").waitFor();
    const types = (await recordsOf(stage.world, id)).map(({ type }) => type);
    expect(types.filter((type) => type === "approval.given")).toHaveLength(1);
    expect(types.filter((type) => type === "grant.activated")).toHaveLength(1);
  });

  test("whoever lost the group in between decides nothing, and it is recorded", async () => {
    const { id } = await askRefund(stage.world);
    const rosa = await stage.signedIn("rosa@example.com", `/requests/${id}`);
    const dialog = await begin(rosa.page, "Approve");
    stage.world.okta.setGroups("rosa@example.com", ["marketing"]);
    try {
      await send(dialog, "Approve").click();
      await dialog.getByRole("alert").waitFor();
      expect((await requestNow(stage.world, id)).state).toBe("pending");
      await expect
        .poll(async () => (await recordsOf(stage.world, id)).map(({ type }) => type))
        .toContain("approval.refused_to");
    } finally {
      stage.world.okta.setGroups("rosa@example.com", ["support-leads"]);
    }
  });

  test("with the provider away nothing is decided; when it is back, the same press is", async () => {
    const { id } = await askRefund(stage.world);
    const rosa = await stage.signedIn("rosa@example.com", `/requests/${id}`);
    const dialog = await begin(rosa.page, "Approve");
    stage.world.okta.pause();
    await send(dialog, "Approve").click();
    await dialog.getByText("Your identity provider can't be reached.").waitFor();
    expect((await requestNow(stage.world, id)).state).toBe("pending");
    stage.world.okta.resume();
    await send(dialog, "Approve").click();
    await rosa.page.getByText(/^Approved by/).waitFor();
  });

  test("an agent's owner is shown why they cannot decide", async () => {
    const { id } = await askRefund(stage.world);
    const owner = await stage.signedIn("owner@example.com", `/requests/${id}`);
    await owner.page.getByText(/You can.t decide this/).waitFor();
    expect(await owner.page.getByRole("button", { name: /^Approve/ }).count()).toBe(0);
  });

  test("without a mouse: signed in, found, read and approved by keys alone", async () => {
    const { id } = await askRefund(stage.world, "TICKET-3: by keys");
    const rosa = await stage.visitor();
    const { keyboard } = rosa.page;
    await rosa.open("/inbox");
    await wayIn(rosa.page, "oidc").waitFor();
    const focused = async (): Promise<string> =>
      String(await rosa.page.evaluate("document.activeElement?.textContent ?? ''"));
    for (let i = 0; i < 10 && !(await focused()).endsWith("Okta"); i += 1) await keyboard.press("Tab");
    await keyboard.press("Enter");
    await rosa.page.getByRole("heading", { name: "Who are you?" }).waitFor();
    for (let i = 0; i < 10 && !(await focused()).startsWith("Rosa"); i += 1) await keyboard.press("Tab");
    await keyboard.press("Enter");
    await waiting(rosa.page, "refund-order").first().waitFor();
    await keyboard.press("?");
    await rosa.page.getByRole("dialog", { name: "Keys" }).waitFor();
    await keyboard.press("Escape");
    await rosa.page.getByRole("dialog", { name: "Keys" }).waitFor({ state: "hidden" });
    // Others may wait from the tests before: j goes down to the one that is meant.
    const pane = rosa.page.getByRole("region", { name: "The selected request" });
    await pane.getByRole("heading", { name: "Reason" }).waitFor();
    for (let i = 0; i < 20 && (await pane.getByText("TICKET-3: by keys").count()) === 0; i += 1) {
      await keyboard.press("j");
      await pane.getByRole("heading", { name: "Reason" }).waitFor();
    }
    await keyboard.press("Enter");
    await rosa.page.waitForURL(`**/requests/${id}`);
    // The page's own heading: until it is there, keys are still the inbox's.
    await rosa.page.getByRole("heading", { level: 1, name: /asks for refund-order/ }).waitFor();
    await rosa.page.getByText("TICKET-3: by keys").first().waitFor();
    await keyboard.press("a");
    await rosa.page.getByRole("dialog", { name: "Approve this request?" }).waitFor();
    // It is there a moment before it has the keyboard.
    await expect
      .poll(() => rosa.page.evaluate("document.activeElement?.matches('[role=dialog] input')"))
      .toBe(true);
    await keyboard.type("by keys");
    await keyboard.press("Enter");
    await rosa.page.getByText(/^Approved by/).waitFor();
    expect((await requestNow(stage.world, id)).state).toBe("approved");
  });

  test("a search shows beside the list what it found, and with nothing found nothing can be decided", async () => {
    const { id } = await askRefund(stage.world, "TICKET-6: the first");
    const other = await askRefund(stage.world, "TICKET-7: the second");
    const rosa = await stage.signedIn("rosa@example.com", "/inbox");
    const { page } = rosa;
    const pane = page.getByRole("region", { name: "The selected request" });
    const search = page.getByRole("searchbox", { name: "Search" });
    const list = page.getByRole("region", { name: "What waits" });
    await pane.getByRole("button", { name: /^Approve/ }).waitFor();
    const finds = async (words: string): Promise<void> => {
      await search.fill(words);
      await pane.getByText(words).waitFor();
      expect(await list.getByRole("link").count()).toBe(1);
    };
    const findsNothing = async (): Promise<void> => {
      await search.fill("no such ticket");
      await page.getByText("No matches").waitFor();
      await pane.waitFor({ state: "detached" });
      expect(await page.getByRole("button", { name: /^Approve/ }).count()).toBe(0);
      // Out of the search field, where keys are letters.
      await page.getByRole("heading", { level: 1, name: "Inbox" }).click();
      for (const key of ["a", "r", "Enter"]) await page.keyboard.press(key);
      expect(await page.getByRole("dialog").count()).toBe(0);
      expect(new URL(page.url()).pathname).toBe("/inbox");
    };
    await findsNothing();
    await finds("TICKET-6: the first");
    await findsNothing();
    await finds("TICKET-7: the second");
    // What is approved is what the list shows.
    await decide(page, "Approve");
    await expect.poll(async () => (await requestNow(stage.world, other.id)).state).toBe("approved");
    expect((await requestNow(stage.world, id)).state).toBe("pending");
  });

  test("on a phone", async () => {
    const { id } = await askRefund(stage.world, "TICKET-5: on the way home");
    const rosa = await stage.visitor(phone);
    await rosa.open("/inbox");
    await wayIn(rosa.page, "oidc").tap();
    await chooseAtProvider(rosa.page, "rosa@example.com");
    await rosa.page.getByText("TICKET-5: on the way home").tap();
    await rosa.page.waitForURL(`**/requests/${id}`);
    await rosa.page.getByRole("button", { name: /^Approve/ }).tap();
    const dialog = rosa.page.getByRole("dialog");
    await send(dialog, "Approve").tap();
    await rosa.page.getByText(/^Approved by/).waitFor();
    expect((await requestNow(stage.world, id)).state).toBe("approved");
  });
});
