// tier: full
import { readFile } from "node:fs/promises";
import { createMayfly, type Mayfly } from "@mayfly/sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { signedIn, startBrowser, type Visitor, type VisitorOptions } from "@mayfly/testing/browser.ts";
import type { Login } from "@mayfly/testing/people.ts";
import { startSeededWorld, type SeededWorld } from "@mayfly/testing/seeded/world.ts";
import { inaccessible } from "./accessible.ts";

describe("an inventory of fourteen connections", () => {
  let world: SeededWorld;
  let browser: Awaited<ReturnType<typeof startBrowser>>;
  const open: Visitor[] = [];

  beforeAll(async () => {
    world = await startSeededWorld();
    browser = await startBrowser();
  });
  afterAll(async () => {
    for (const who of open) await who.close();
    await browser?.close();
    await world?.stop();
  });
  const at = async (login: Login, to: string, options?: VisitorOptions): Promise<Visitor> => {
    const who = await signedIn(browser, world.gateway, login, to, options);
    open.push(who);
    return who;
  };

  test.each(["light", "dark"] as const)(
    "Reach keeps groups and operations in sight, in %s",
    async (scheme) => {
      const { page } = await at("ada@example.com", "/reach", { colorScheme: scheme });
      const frame = page.getByRole("region", { name: "Which groups can ask for which operations" });
      await frame.waitFor();
      expect(await page.getByRole("columnheader").count()).toBeGreaterThan(14);
      // To the far end of the table: its headers are where they were.
      const placed = `(() => {
      const frame = document.querySelector(".reach-frame");
      frame.scrollTo(frame.scrollWidth, frame.scrollHeight);
      const box = frame.getBoundingClientRect();
      const head = document.querySelector(".reach-frame thead th:last-child").getBoundingClientRect();
      const name = document.querySelector(".reach-frame tbody:last-child tr:last-child th").getBoundingClientRect();
      return [Math.round(head.top - box.top) <= 2, Math.round(name.left - box.left) <= 2];
    })()`;
      expect(await page.evaluate(placed)).toEqual([true, true]);
      const steps = await page
        .getByRole("list", { name: "What asking takes" })
        .getByRole("listitem")
        .allInnerTexts();
      expect(steps).toEqual([
        "at once",
        "one person",
        "two people or more",
        "emergency only",
        "forbidden",
        "* depends on a condition",
      ]);
      expect(await inaccessible(page)).toEqual([]);
    },
  );

  test("Connections has an address and health for every protocol, and a table that opens", async () => {
    const { page } = await at("olga@example.com", "/connections");
    const list = page.getByRole("list", { name: "Connections", exact: true });
    await expect.poll(() => list.locator("> li").count()).toBe(14);
    const protocols = [/PostgreSQL · /, /HTTP API · http/, /Kubernetes · https:/, /MCP server · /];
    for (const words of protocols) {
      const entry = list.locator("> li").filter({ hasText: words }).first();
      await expect.poll(() => entry.innerText(), { timeout: 60_000 }).toMatch(/\b(up|down)\b/);
    }
    await page.getByRole("searchbox", { name: "Search" }).fill("billing-api");
    await expect.poll(() => list.locator("> li").count()).toBe(1);
    await list.getByRole("button", { name: /billing-api/ }).click();
    await page.getByRole("region", { name: "Operations on billing-api" }).waitFor();
    expect(new URL(page.url()).searchParams.get("open")).toBe("billing-api");
    expect(await inaccessible(page)).toEqual([]);
    await page.getByRole("searchbox", { name: "Search" }).fill("nothing of that name");
    await page.getByText("No matches").waitFor();
  });

  test("Connections lists the hosts that were probed and what stands open there, to operators and auditors", async () => {
    const ca = await readFile(world.gateway.caFile, "utf8");
    const as = (token: string): Mayfly => createMayfly({ url: world.gateway.url, ca, token });
    const offer = await as(await world.personToken("olga@example.com")).probes.offer(["orders-db"]);
    const agent = as(await world.agentToken());
    const { nonce, targets } = await agent.probes.start(offer.token);
    const port = targets[0]?.endpoints[0]?.port ?? 0;
    const place = "/home/bot/.pgpass:1";
    const direct = {
      kind: "direct",
      address: "127.0.0.1",
      port,
      outcome: "open",
      found: "answered",
    } as const;
    await agent.probes.report({
      nonce,
      host: "support-1",
      ways: [
        {
          ...direct,
          connection: "orders-db",
          to: `127.0.0.1:${port}`,
          by: "address",
          detail: "asks",
          credentials: [place],
        },
      ],
      credentials: [{ kind: "postgres", place, name: "as support" }],
    });
    const { page } = await at("ada@example.com", "/connections");
    const row = page
      .getByRole("region", { name: "Probed hosts" })
      .getByRole("row")
      .filter({ hasText: "support-1" });
    await row.waitFor();
    const text = await row.innerText();
    expect(text).toContain("open");
    expect(text).toContain(`orders-db is open, with a credential on the host: address: 127.0.0.1:${port}`);
    expect(text).toContain(place);
    expect(await inaccessible(page)).toEqual([]);
    const reviewer = await at("rosa@example.com", "/connections");
    await reviewer.page.getByRole("list", { name: "Connections", exact: true }).waitFor();
    expect(await reviewer.page.getByText("Ways around the gateway").count()).toBe(0);
  });

  test("a body's schema is read as fields with their limits, and never as a file's path", async () => {
    const { page } = await at("rosa@example.com", "/inbox?text=change-");
    const shown = page.getByRole("region", { name: "The selected request" });
    await shown.getByRole("heading", { name: "What exactly" }).waitFor();
    const fields = shown.getByRole("table", { name: "What the body may hold" });
    await fields.first().waitFor();
    expect((await fields.first().getByRole("rowheader").allInnerTexts()).length).toBeGreaterThan(0);
    expect(await shown.innerText()).not.toMatch(/\.json\b/);
  });

  test.each(["light", "dark"] as const)(
    "the full inbox and an agent are accessible in %s",
    async (scheme) => {
      const { page } = await at("rosa@example.com", "/inbox", { colorScheme: scheme });
      await page.getByRole("button", { name: /^Approve/ }).waitFor();
      expect(await inaccessible(page)).toEqual([]);
      await page
        .getByRole("region", { name: "The selected request" })
        .getByRole("link", { name: /-(bot|report|agent)/ })
        .first()
        .click();
      await page.getByRole("heading", { level: 2, name: "What it can ask for" }).waitFor();
      expect(await inaccessible(page)).toEqual([]);
    },
  );
});
