import axe from "axe-core";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { askRefund } from "../support/agent.ts";
import { getAccess } from "../support/api.ts";
import type { Login } from "../support/people.ts";
import { psql } from "../support/world.ts";
import { waiting } from "./deciding.ts";
import { useStage } from "./stage.ts";

/** Violations of WCAG 2.0, 2.1 and 2.2 at levels A and AA, a line each. */
async function inaccessible(page: Page): Promise<readonly string[]> {
  // Through the debugger's protocol, so that the page's content security policy does not stand in the way.
  await page.evaluate(`${axe.source}; undefined`);
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const found = await page.evaluate(
    `axe.run(document, { runOnly: ${JSON.stringify(tags)}, resultTypes: ["violations"] }).then(({ violations }) =>
      violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => id + ": " + html + " " + failureSummary)))`,
  );
  return found as string[];
}

const every: readonly { readonly path: string; readonly heading: RegExp; readonly login: Login }[] = [
  { path: "/inbox", heading: /^Inbox$/, login: "rosa@example.com" },
  { path: "/requests/", heading: /support-bot asks for refund-order/, login: "rosa@example.com" },
  { path: "/live", heading: /^Live$/, login: "olga@example.com" },
  { path: "/requests/", heading: /support-bot asks for refund-order/, login: "olga@example.com" },
  { path: "/activity", heading: /^Activity$/, login: "ada@example.com" },
  { path: "/reach", heading: /^Reach$/, login: "ada@example.com" },
  { path: "/connections", heading: /^Connections$/, login: "ada@example.com" },
  { path: "/integrity", heading: /^Integrity$/, login: "ada@example.com" },
  { path: "/sessions", heading: /Sessions$/i, login: "ada@example.com" },
];

describe("every page", () => {
  const stage = useStage();
  let request = "";
  const full = (to: string): string => (to === "/requests/" ? `${to}${request}` : to);

  beforeAll(async () => {
    // Something to show everywhere: a request that waits, a live grant, acts, a denial.
    request = (await askRefund(stage.world)).id;
    const token = await stage.world.agentToken();
    const access = await getAccess(stage.world.gateway, token, "orders-db", ["read-orders"]);
    await psql(stage.world, access.env, ["-c", "select count(*) from orders", "-c", "delete from orders"]);
  });

  const settled = async (page: Page, heading: RegExp): Promise<void> => {
    await page.getByRole("heading", { level: 1, name: heading }).waitFor();
    await page.getByRole("status", { name: "Loading" }).first().waitFor({ state: "hidden" });
  };

  test.each(["light", "dark"] as const)("is accessible (WCAG AA) in %s", async (colorScheme) => {
    const found: Record<string, readonly string[]> = {};
    for (const login of new Set(every.map((one) => one.login))) {
      const who = await stage.visitor({ colorScheme });
      await who.open("/");
      await who.page.getByRole("heading", { name: "Sign in" }).waitFor();
      const first = await inaccessible(who.page);
      if (first.length > 0) found["/sign-in"] = first;
      await who.signIn(login);
      for (const { path: to, heading } of every.filter((one) => one.login === login)) {
        await who.open(full(to));
        await settled(who.page, heading);
        const wrong = await inaccessible(who.page);
        if (wrong.length > 0) found[`${to} as ${login}`] = wrong;
      }
    }
    expect(found).toEqual({});
  });

  test("has dialogs that are accessible, keep the focus and give it back", async () => {
    const rosa = await stage.signedIn("rosa@example.com", full("/requests/"));
    const button = rosa.page.getByRole("button", { name: /^Approve/ });
    await button.click();
    const dialog = rosa.page.getByRole("dialog");
    await dialog.waitFor();
    expect(await inaccessible(rosa.page)).toEqual([]);
    for (let i = 0; i < 12; i += 1) {
      await rosa.page.keyboard.press("Tab");
      const outside = await rosa.page.evaluate(
        "document.activeElement.closest('main, nav, header.topbar') !== null",
      );
      expect(outside).toBe(false);
    }
    await rosa.page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    await expect.poll(() => rosa.page.evaluate("document.activeElement.textContent")).toMatch(/^Approve/);
  });

  test("fits a phone: nothing is wider than the screen, and what is pressed is large enough", async () => {
    const wide: string[] = [];
    for (const login of new Set(every.map((one) => one.login))) {
      const who = await stage.signedIn(login, "/", { viewport: { width: 360, height: 740 }, phone: true });
      for (const { path: to, heading } of every.filter((one) => one.login === login)) {
        await who.open(full(to));
        await settled(who.page, heading);
        const width = await who.page.evaluate("document.documentElement.scrollWidth");
        if (width !== 360) wide.push(`${to} is ${String(width)} wide`);
      }
    }
    expect(wide).toEqual([]);
  });

  test("is served with a strict policy, and what it loads comes from the gateway alone", async () => {
    const who = await stage.visitor();
    const foreign: string[] = [];
    const { url } = stage.world.gateway;
    who.page.on("request", (outgoing) => {
      if (new URL(outgoing.url()).origin !== url) foreign.push(outgoing.url());
    });
    const answer = await who.page.goto("/sign-in");
    await who.page.getByRole("heading", { name: "Sign in" }).waitFor();
    const headers = answer?.headers() ?? {};
    const policy = headers["content-security-policy"] ?? "";
    for (const part of [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self'",
      "font-src 'self'",
      "connect-src 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ])
      expect(policy).toContain(part);
    expect(policy).not.toMatch(/unsafe|\*|data:|https?:\/\/(?!127\.0\.0\.1|localhost)/);
    expect(headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "referrer-policy": expect.stringMatching(/no-referrer|same-origin/),
      "cross-origin-opener-policy": "same-origin",
    });
    expect(foreign).toEqual([]);
    // What the policy is for: a script or markup that got into a page would not run, nor even be written.
    const other = await stage.visitor();
    await other.open("/sign-in");
    const inject = `{
      const script = document.createElement("script");
      script.textContent = "globalThis.injected = true";
      document.body.append(script);
    }`;
    await expect(other.page.evaluate(inject)).rejects.toThrow(/TrustedScript/);
    await expect(other.page.evaluate("document.body.innerHTML = '<b>x</b>'")).rejects.toThrow(/TrustedHTML/);
    expect(await other.page.evaluate("globalThis.injected")).toBeUndefined();
    await expect.poll(() => other.violations.length).toBeGreaterThan(0);
    other.forgive();
  });

  test("says that there is no such page, to whoever is signed in and to others", async () => {
    for (const who of [await stage.visitor(), await stage.signedIn("rosa@example.com", "/inbox")]) {
      const answer = await who.page.goto("/requests/a/b");
      expect(answer?.status()).toBe(404);
      await who.page.getByText("There is no such page").waitFor();
      expect(await inaccessible(who.page)).toEqual([]);
    }
  });

  test("says that there is no such request", async () => {
    const rosa = await stage.signedIn("rosa@example.com", "/requests/req_0000000000000000");
    await rosa.page.getByRole("alert").waitFor();
    expect(await rosa.page.getByRole("navigation", { name: "Pages" }).isVisible()).toBe(true);
  });

  test("shows what an agent wrote as text, whatever it wrote", async () => {
    const reason = `TICKET-6 <img src=x onerror="globalThis.injected=1"><script>globalThis.injected=1</script>`;
    const { id } = await askRefund(stage.world, reason);
    const token = await stage.world.agentToken();
    const access = await getAccess(stage.world.gateway, token, "orders-db", ["read-orders"]);
    const statement = `select 'a\u202Eb', '<img src=x onerror=globalThis.injected=1>' as "<b>bold</b>"`;
    await psql(stage.world, access.env, [
      "-c",
      statement,
      "-c",
      `delete from "<script>globalThis.injected=1</script>"`,
    ]);
    for (const [login, to] of [
      ["rosa@example.com", "/inbox"],
      ["rosa@example.com", `/requests/${id}`],
      ["olga@example.com", "/live"],
      ["ada@example.com", "/activity"],
      ["ada@example.com", `/requests/${id}`],
    ] as const) {
      const who = await stage.signedIn(login, to);
      await who.page.getByRole("heading", { level: 1 }).waitFor();
      if (to === "/inbox") await waiting(who.page, "refund-order").first().waitFor();
      if (to.startsWith("/requests/"))
        await who.page.getByText('<img src=x onerror="globalThis').first().waitFor();
      expect(await who.page.evaluate("globalThis.injected"), `${login} ${to}`).toBeUndefined();
      expect(await who.page.locator("main img").count(), `${login} ${to}`).toBe(0);
    }
  });
});
