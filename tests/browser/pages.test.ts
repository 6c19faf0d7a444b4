// tier: full
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { askRefund } from "@mayfly/testing/agent.ts";
import { getAccess } from "@mayfly/testing/api.ts";
import { phone } from "@mayfly/testing/browser.ts";
import type { Login } from "@mayfly/testing/people.ts";
import { psql } from "@mayfly/testing/world.ts";
import { inaccessible } from "./accessible.ts";
import { waiting } from "./deciding.ts";
import { useStage } from "./stage.ts";

const every: readonly { readonly path: string; readonly heading: RegExp; readonly login: Login }[] = [
  { path: "/inbox", heading: /^Inbox$/, login: "rosa@example.com" },
  { path: "/requests/", heading: /support-bot asks for refund-order/, login: "rosa@example.com" },
  { path: "/overview", heading: /^Overview$/, login: "olga@example.com" },
  { path: "/live", heading: /^Live$/, login: "olga@example.com" },
  { path: "/requests/", heading: /support-bot asks for refund-order/, login: "olga@example.com" },
  { path: "/activity", heading: /^Activity$/, login: "ada@example.com" },
  { path: "/emergencies", heading: /^Emergencies$/, login: "ada@example.com" },
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
      // What stands at the dialog's ends hands the focus on in the next frame, and no person presses twice in one.
      await expect
        .poll(() => rosa.page.evaluate("document.activeElement.hasAttribute('data-base-ui-focus-guard')"))
        .toBe(false);
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
      const who = await stage.signedIn(login, "/", phone);
      for (const { path: to, heading } of every.filter((one) => one.login === login)) {
        await who.open(full(to));
        await settled(who.page, heading);
        const width = await who.page.evaluate("document.documentElement.scrollWidth");
        if (width !== 360) wide.push(`${to} is ${String(width)} wide`);
      }
    }
    expect(wide).toEqual([]);
  });

  test("gives a connection's address a phone's whole width", async () => {
    const { page } = await stage.signedIn("ada@example.com", "/connections", phone);
    const address = page.getByRole("button", { name: /^orders-db/ }).getByText(/^PostgreSQL/);
    await address.waitFor();
    // One line: beside the health it would break at every syllable.
    const height = (await address.boundingBox())?.height ?? Infinity;
    expect(height).toBeLessThan(30);
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
      await who.page.getByText("Page not found").waitFor();
      expect(await inaccessible(who.page)).toEqual([]);
    }
  });

  test("says what an agent's address lacks", async () => {
    const { page } = await stage.signedIn("rosa@example.com", "/agents/0oasupportbot");
    await page.getByText("This address is incomplete").waitFor();
    expect(await page.getByRole("alert").count()).toBe(0);
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
