// tier: full
import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { accessTo, ask, askRefund } from "@mayfly/testing/agent.ts";
import { call, getAccess } from "@mayfly/testing/api.ts";
import { psql } from "@mayfly/testing/world.ts";
import { inaccessible } from "./accessible.ts";
import { decide } from "./deciding.ts";
import { useStage } from "./stage.ts";

/** The cells of a CSV file (RFC 4180). */
function cellsOf(csv: string): readonly string[] {
  return [...csv.matchAll(/"((?:[^"]|"")*)"|([^",\r\n]+)/g)].map(
    ([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare ?? "",
  );
}

describe("an auditor with a question", () => {
  const stage = useStage();

  /** What a link downloads. */
  const download = async (page: Page, link: string): Promise<string> => {
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: link }).click(),
    ]);
    return readFile(await file.path(), "utf8");
  };

  test("one request's page tells its whole story, from the ask through every act to the end", async () => {
    const { id } = await askRefund(stage.world, "TICKET-70: the whole story");
    const rosa = await stage.signedIn("rosa@example.com", `/requests/${id}`);
    await decide(rosa.page, "Approve", "looked into it");
    await rosa.page.getByText(/^Approved by/).waitFor();
    const access = await accessTo(stage.world, id);
    const script = ["-c", "update orders set status = 'refunded' where id = 70", "-c", "delete from orders"];
    await psql(stage.world, access.env, script);
    await call(stage.world.gateway, await stage.world.agentToken(), "DELETE", `/v1/grants/${access.grant}`);
    const ada = await stage.signedIn("ada@example.com", `/requests/${id}`);
    const story = ada.page.getByRole("list", { name: "What happened, oldest first" });
    await story.waitFor();
    const order = [
      /TICKET-70/,
      /rosa@example\.com/,
      /update orders set status/,
      /delete from orders/,
      /released/,
    ];
    let text = "";
    const missing = async (): Promise<readonly RegExp[]> => {
      text = await story.innerText();
      return order.filter((pattern) => !pattern.test(text));
    };
    await expect.poll(missing).toEqual([]);
    const places = order.map((pattern) => text.search(pattern));
    expect(
      places.every((place) => place >= 0),
      `${String(places)} in ${text}`,
    ).toBe(true);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  test("searches by words and by decision, and the address keeps the search", async () => {
    const token = await stage.world.agentToken();
    const access = await getAccess(stage.world.gateway, token, "orders-db", ["read-orders"]);
    await psql(stage.world, access.env, ["-c", "select 42 as needle", "-c", "select * from payroll"]);
    const ada = await stage.signedIn("ada@example.com", "/activity");
    const records = ada.page.getByRole("list", { name: "Records" }).getByRole("listitem");
    await ada.page.getByLabel("Text", { exact: true }).fill("needle");
    await ada.page.waitForURL(/needle/);
    await expect.poll(async () => (await records.allInnerTexts()).join("\n")).toMatch(/select 42 as needle/);
    await ada.page.getByLabel("Text", { exact: true }).fill("");
    await ada.page.waitForURL((url) => !url.search.includes("needle"));
    await ada.page.getByLabel("Decision").selectOption("deny");
    await ada.page.waitForURL(/deny/);
    await expect
      .poll(async () => (await records.allInnerTexts()).join("\n"))
      .toMatch(/^(?![^]*needle)[^]*payroll/);
    // Typed, and chosen before the gateway was asked for what was typed: both count.
    await ada.page.getByLabel("Text", { exact: true }).fill("needle");
    await ada.page.getByLabel("Decision").selectOption("permit");
    await ada.page.waitForURL((url) => url.search.includes("needle") && url.search.includes("permit"));
    await ada.page.getByLabel("Text", { exact: true }).fill("");
    await ada.page.getByLabel("Decision").selectOption("deny");
    await ada.page.waitForURL((url) => !url.search.includes("needle") && url.search.includes("deny"));
    const link = ada.page.url();
    await ada.open("/reach");
    await ada.page.goto(link);
    await expect.poll(async () => (await records.allInnerTexts()).join("\n")).toMatch(/payroll/);
  });

  test("takes the log away as JSONL and as CSV in which no cell is a formula", async () => {
    await askRefund(stage.world, '=HYPERLINK("https://evil.example","TICKET-71")');
    const ada = await stage.signedIn("ada@example.com", "/activity");
    const lines = (await download(ada.page, "Export JSONL")).trimEnd().split("\n");
    expect(lines.length).toBeGreaterThan(2);
    const types = lines.map((line) => (JSON.parse(line) as { type: string }).type);
    expect(types).toContain("request.created");
    const csv = await download(ada.page, "Export CSV");
    expect(csv.split("\n")[0]).toMatch(/seq.*time.*type/);
    expect(csv).toContain("HYPERLINK");
    const cells = cellsOf(csv);
    expect(cells.length).toBeGreaterThan(20);
    // What a spreadsheet would take for a formula: https://owasp.org/www-community/attacks/CSV_Injection
    expect(cells.filter((cell) => /^[=+\-@\t\r]/.test(cell) && !/^-?\d+$/.test(cell))).toEqual([]);
  });

  test("finds in one click where the glass was broken, and everybody was told", async () => {
    const reason = "TICKET-72: the shop is down and nobody answers";
    const asked = await ask(stage.world, { operations: ["refund-order"], reason, break_glass: true });
    expect(asked.state).toBe("approved");
    const event = await stage.world.receiver.next(({ type }) => type === "break_glass.activated");
    expect(event.verified).toBe(true);
    const ada = await stage.signedIn("ada@example.com", "/activity");
    await ada.page.getByRole("button", { name: /break-glass/i }).click();
    const records = ada.page.getByRole("list", { name: "Records" }).getByRole("listitem");
    await expect.poll(() => records.count()).toBe(1);
    expect(await records.first().innerText()).toMatch(/support-bot/);

    // The Overview's number leads to it; a reviewer of what was taken finds it in the inbox, and reviews it once it is over.
    await ada.open("/overview");
    await ada.page.getByRole("link", { name: /^1\s*emergency to review$/ }).click();
    await ada.page.waitForURL("**/emergencies");
    const toReview = ada.page.getByRole("list", { name: "Emergencies, newest first" });
    await toReview.getByText(reason).waitFor();
    expect(await inaccessible(ada.page)).toEqual([]);
    await ada.open(`/requests/${asked.id}`);
    await ada.page.getByText("You can’t review this: you have neither the role").waitFor();
    await call(
      stage.world.gateway,
      await stage.world.agentToken(),
      "DELETE",
      `/v1/grants/${asked.grant?.id}`,
    );
    const oscar = await stage.signedIn("owner@example.com", "/inbox?show=emergencies");
    await oscar.page.getByText("No emergencies to review").waitFor();
    await oscar.open(`/requests/${asked.id}`);
    await oscar.page.getByText(`no request ${asked.id}`).waitFor();
    const rosa = await stage.signedIn("rosa@example.com", "/inbox");
    await rosa.page.getByRole("link", { name: /^Emergencies\s*1 to review$/ }).click();
    await rosa.page.getByRole("link", { name: "refund-order" }).click();
    await rosa.page.getByRole("button", { name: "Review this emergency" }).click();
    await rosa.page.getByLabel("What you found").fill("INC-9: one refund, as told");
    expect(await inaccessible(rosa.page)).toEqual([]);
    await rosa.page.getByRole("button", { name: "Record your review" }).click();
    await rosa.page.getByText(/You can’t review this: you have reviewed it already/).waitFor();
    await ada.open("/emergencies");
    await ada.page.getByText("No emergencies to review").waitFor();
    await ada.page.getByRole("link", { name: "Reviewed" }).click();
    await toReview.getByText("INC-9: one refund, as told").waitFor();
  });

  test("sees who can reach what, down to the exact scope, and how the targets are", async () => {
    const ada = await stage.signedIn("ada@example.com", "/reach");
    await ada.page.getByRole("columnheader", { name: "support-agents" }).waitFor();
    await ada.page
      .getByRole("button", { name: /refund-order/ })
      .first()
      .click();
    const dialog = ada.page.getByRole("dialog");
    await dialog
      .getByText(/public\.orders/)
      .first()
      .waitFor();
    await dialog
      .getByText(/support-leads/)
      .first()
      .waitFor();
    await ada.page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    await ada.open("/connections");
    await ada.page.getByText("orders-db").first().waitFor();
    await ada.page.getByText("up", { exact: true }).first().waitFor({ timeout: 45_000 });
    expect(await ada.page.locator("body").innerText()).not.toContain("only-the-gateway-knows");
  });

  describe("the log, verified in the browser itself", () => {
    const verdict = /Log is intact/;
    const alarm = /The log does not verify/;

    test("verifies as it is, and shouts when one line was altered on the way", async () => {
      const ada = await stage.signedIn("ada@example.com", "/integrity");
      await ada.page.getByText(verdict).waitFor();
      let altered = 0;
      await ada.page.route("**/v1/audit/proofs*", async (route) => {
        const response = await route.fetch();
        const body = (await response.json()) as { entries: { line: string }[] };
        const [, second] = body.entries;
        if (second !== undefined) {
          second.line = second.line.replace(/"time":"20/, '"time":"19');
          altered += 1;
        }
        await route.fulfill({ response, json: body });
      });
      await ada.page.reload();
      await ada.page.getByText(alarm).waitFor();
      expect(altered).toBeGreaterThan(0);
      expect(await ada.page.getByText(verdict).count()).toBe(0);
    });

    test("shouts when a record was left out, and when the log is shorter than it was", async () => {
      const ada = await stage.signedIn("ada@example.com", "/integrity");
      let older: string | undefined;
      await ada.page.route("**/v1/audit/proofs*", async (route) => {
        const response = await route.fetch();
        older ??= await response.text();
        await route.fulfill({ response });
      });
      await ada.page.reload();
      await ada.page.getByText(verdict).waitFor();
      // The log grows, and the browser remembers how far it has seen.
      await askRefund(stage.world, "TICKET-73: one record more");
      const size = (answer: string): number =>
        Number((JSON.parse(answer) as { checkpoint: string }).checkpoint.split("\n")[1]);
      const token = await stage.world.personToken("ada@example.com");
      await expect
        .poll(
          async () => {
            const { body } = await call(stage.world.gateway, token, "GET", "/v1/audit/proofs");
            return size(JSON.stringify(body));
          },
          { timeout: 15_000 },
        )
        .toBeGreaterThan(size(older ?? ""));
      await ada.page.reload();
      await ada.page.getByText(verdict).waitFor();
      await ada.page.unrouteAll({ behavior: "wait" });
      await ada.page.route("**/v1/audit/proofs*", (route) =>
        route.fulfill({ contentType: "application/json", body: older ?? "" }),
      );
      await ada.page.reload();
      await ada.page.getByText(alarm).waitFor();
      await ada.page.getByText("The log is smaller than it was: records are gone.").waitFor();
      await ada.page.unrouteAll({ behavior: "wait" });
      await ada.page.route("**/v1/audit/proofs*", async (route) => {
        const response = await route.fetch();
        const body = (await response.json()) as { entries: unknown[] };
        body.entries.splice(1, 1);
        await route.fulfill({ response, json: body });
      });
      await ada.page.reload();
      await ada.page.getByText(alarm).waitFor();
      await ada.page.getByText(/left out of the gateway's answer/).waitFor();
      expect(await ada.page.getByText(verdict).count()).toBe(0);
    });
  });
});
