// tier: full
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { chooseAtProvider, wayIn } from "@mayfly/testing/browser.ts";
import { useStage } from "./stage.ts";

describe("signing in and out", () => {
  const stage = useStage();

  test.each(["oidc", "saml"] as const)(
    "a person signs in by %s and comes back to the page they wanted",
    async (by) => {
      const who = await stage.visitor();
      await who.open("/reach");
      await who.page.waitForURL(/\/sign-in\?return=/);
      await who.signIn("rosa@example.com", by);
      expect(new URL(who.page.url()).pathname).toBe("/reach");
      const [cookie, ...others] = (await who.context.cookies()).filter(
        ({ name, domain }) => domain === "localhost" && name === "__Host-mayfly",
      );
      expect(others).toEqual([]);
      expect(cookie).toMatchObject({ httpOnly: true, secure: true, sameSite: "Lax", path: "/" });
      // The cookie is all that the browser holds: no script can read it.
      expect(await who.page.evaluate("document.cookie")).toBe("");
      await who.page.getByRole("button", { name: /^Account of/ }).click();
      await who.page.getByText(by === "oidc" ? "signed in by OpenID Connect" : "signed in by SAML").waitFor();
    },
  );

  test("signing out ends the session at the gateway, and another person may come", async () => {
    const who = await stage.signedIn("rosa@example.com");
    const [cookie] = (await who.context.cookies()).filter(({ name }) => name === "__Host-mayfly");
    await who.page.getByRole("button", { name: /^Account of/ }).click();
    await who.page.getByRole("menuitem", { name: "Sign out" }).click();
    await who.page.waitForURL((url) => url.pathname === "/sign-in" || url.origin !== stage.world.gateway.url);
    // What was copied from the browser before is worth nothing now.
    const thief = await stage.visitor();
    if (cookie !== undefined) await thief.context.addCookies([cookie]);
    const answer = await thief.context.request.get(`${stage.world.gateway.url}/v1/session`);
    expect(answer.status()).toBe(401);
    await who.open("/");
    await who.signIn("ada@example.com");
    await who.page.getByRole("button", { name: /^Account of ada/i }).waitFor();
  });

  test("a sign-in begun at another site's behest does not lead there", async () => {
    const who = await stage.visitor();
    for (const to of ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]) {
      await who.open(`/sign-in?return=${encodeURIComponent(to)}`);
      await who.signIn("rosa@example.com");
      expect(new URL(who.page.url()).origin).toBe(stage.world.gateway.url);
      await who.context.clearCookies();
    }
  });

  test("whom the provider lets in without a group sees a page that says so", async () => {
    const who = await stage.signedIn("nils@example.com");
    await who.page.getByText("Your roles don't include this page").waitFor();
    expect(await who.page.getByRole("navigation", { name: "Pages" }).getByRole("link").count()).toBe(0);
  });

  test("somebody deactivated at the provider is sent back with words, and nobody is signed in", async () => {
    stage.world.okta.deactivate("ravi@example.com");
    const who = await stage.visitor();
    await who.open("/inbox");
    await wayIn(who.page, "oidc").click();
    await chooseAtProvider(who.page, "ravi@example.com");
    await who.page.waitForURL(/\/sign-in\?(.*&)?problem=/);
    await who.page.getByRole("alert").waitFor();
    expect((await who.context.request.get(`${stage.world.gateway.url}/v1/session`)).status()).toBe(401);
    stage.world.okta.reactivate("ravi@example.com");
    await who.signIn("ravi@example.com");
  });

  test("with the provider away there is a clear page, and it works again when the provider does", async () => {
    await stage.world.gateway.stop();
    await stage.world.restart();
    const who = await stage.visitor();
    stage.world.okta.pause();
    await who.open("/inbox");
    await wayIn(who.page, "oidc").click();
    const problem = who.page.getByRole("alert");
    await problem.waitFor();
    expect(await problem.innerText()).toMatch(/identity provider|Okta/i);
    stage.world.okta.resume();
    await who.open("/inbox");
    await who.signIn("rosa@example.com");
  });

  test("an answer of the provider counts for the browser that asked, once", async () => {
    const victim = await stage.visitor();
    const attacker = await stage.visitor();
    const { url } = stage.world.gateway;
    /** Signs in as themselves at the provider, and keeps the answer instead of going there. */
    const answerOfProvider = async (): Promise<string> => {
      const begun = await attacker.context.request.get(`${url}/sign-in/oidc`, { maxRedirects: 0 });
      return stage.world.okta.signIn(begun.headers()["location"] ?? "", "nils@example.com");
    };
    await victim.page.goto(await answerOfProvider());
    await victim.page.waitForURL(/\/sign-in\?(.*&)?problem=/);
    expect((await victim.context.request.get(`${url}/v1/session`)).status()).toBe(401);
    // In the browser that asked it counts, and once.
    const answer = await answerOfProvider();
    await attacker.page.goto(answer);
    await attacker.page.getByRole("button", { name: /^Account of/ }).waitFor();
    await attacker.page.goto(answer);
    await attacker.page.waitForURL(/\/sign-in\?(.*&)?problem=/);
  });

  test("a session is listed with where it is, and ended from another browser", async () => {
    const first = await stage.signedIn("ada@example.com");
    const second = await stage.signedIn("ada@example.com", "/sessions");
    const rows = second.page.getByRole("list", { name: "Your sessions" }).getByRole("listitem");
    await expect.poll(() => rows.filter({ hasText: "this one" }).count()).toBe(1);
    await second.page.getByRole("button", { name: "Sign out everywhere" }).click();
    await second.page.getByRole("dialog").getByRole("button", { name: "Sign out everywhere" }).click();
    await first.page.waitForURL(/\/sign-in/);
    await second.page.waitForURL(/\/sign-in/);
  });

  test("a session is ended alone", async () => {
    const lost = await stage.signedIn("sana@example.com");
    const mine = await stage.signedIn("sana@example.com", "/sessions");
    const rows = mine.page.getByRole("list", { name: "Your sessions" }).getByRole("listitem");
    const ends = rows.getByRole("button", { name: "End", exact: true });
    await expect.poll(() => ends.count()).toBe(1);
    await ends.click();
    await lost.page.waitForURL(/\/sign-in/);
    await expect.poll(() => ends.count()).toBe(0);
    expect(await rows.filter({ hasText: "this one" }).count()).toBe(1);
  });

  test("the provider's back-channel logout ends an open page", async () => {
    const who = await stage.signedIn("olga@example.com");
    const other = await stage.signedIn("ada@example.com");
    expect(
      await stage.world.okta.signOut("olga@example.com", readFileSync(stage.world.gateway.caFile, "utf8")),
    ).toBe(1);
    await who.page.waitForURL(/\/sign-in/);
    expect((await who.context.request.get(`${stage.world.gateway.url}/v1/session`)).status()).toBe(401);
    expect((await other.context.request.get(`${stage.world.gateway.url}/v1/session`)).status()).toBe(200);
  });
});
