import { describe, expect, test } from "vitest";
import { askRefund, requestNow } from "../support/agent.ts";
import { chooseAtProvider } from "../support/browser.ts";
import { begin, deaf, decide, send } from "./deciding.ts";
import { useStage } from "./stage.ts";

describe("what a policy may ask of reviewers", () => {
  const stage = useStage({
    configure: (text) =>
      text.replace(
        /approval: \{[^}]*by: \[support-leads\][^\n]*/,
        "approval: { by: [support-leads], count: 2, within: 10m }",
      ),
  });

  test("two different people have to say yes", async () => {
    const { id } = await askRefund(stage.world);
    const rosa = await stage.signedIn("rosa@example.com", `/requests/${id}`);
    await decide(rosa.page, "Approve");
    await rosa.page
      .getByText(/1 of 2/)
      .first()
      .waitFor();
    expect((await requestNow(stage.world, id)).state).toBe("pending");
    const ravi = await stage.signedIn("ravi@example.com", `/requests/${id}`);
    await decide(ravi.page, "Approve");
    await ravi.page.getByText(/^Approved by/).waitFor();
    await rosa.page.getByText(/^Approved by/).waitFor();
    expect((await requestNow(stage.world, id)).state).toBe("approved");
  });
});

describe("a request that waits for ten seconds at most", () => {
  const stage = useStage({
    configure: (text) =>
      text.replace(
        /approval: \{[^}]*by: \[support-leads\][^\n]*/,
        "approval: { by: [support-leads], count: 1, within: 10s }",
      ),
  });

  test("a yes after the time-out does not count", async () => {
    const rosa = await stage.signedIn("rosa@example.com");
    const { id } = await askRefund(stage.world);
    await deaf(rosa.page);
    await rosa.open(`/requests/${id}`);
    const dialog = await begin(rosa.page, "Approve");
    expect((await requestNow(stage.world, id, "15s")).state).toBe("timed_out");
    await send(dialog, "Approve").click();
    await dialog.getByText("Too late: it waited too long.").waitFor();
    await rosa.page.getByText(/Nobody decided in time/).waitFor();
    expect((await requestNow(stage.world, id)).state).toBe("timed_out");
  });
});

describe("a fresh sign-in before a high-risk yes", () => {
  const stage = useStage({
    singleSignOn: true,
    configure: (text) =>
      text.replace(
        /approval: \{[^}]*by: \[support-leads\][^\n]*/,
        "approval: { by: [support-leads], count: 1, within: 30m, fresh_sign_in: 30s }",
      ),
  });

  test.each(["oidc", "saml"] as const)(
    "by %s: asked for, given, and back where the reviewer was",
    async (by) => {
      const { id } = await askRefund(stage.world);
      const rosa = await stage.signedIn("rosa@example.com", `/requests/${id}`, { by });
      // The one wait of the suite: until the sign-in is older than the shortest time that a policy may ask for.
      await expect
        .poll(() => rosa.page.evaluate("performance.now()"), { timeout: 60_000, interval: 1000 })
        .toBeGreaterThan(31_000);
      const dialog = await begin(rosa.page, "Approve");
      await dialog.getByRole("textbox").fill("looked at it twice");
      await send(dialog, "Approve").click();
      await dialog.getByText("Prove that it is you.").waitFor();
      expect((await requestNow(stage.world, id)).state).toBe("pending");
      await dialog
        .getByRole("button", {
          name: by === "saml" ? /^Sign in again( by SAML)?$/ : /^Sign in again( by OpenID Connect)?$/,
        })
        .click();
      // The provider knows this browser, and asks all the same.
      await chooseAtProvider(rosa.page, "rosa@example.com");
      await rosa.page.waitForURL(`**/requests/${id}`);
      const again = rosa.page.getByRole("dialog");
      await again.waitFor();
      expect(await again.getByRole("textbox").inputValue()).toBe("looked at it twice");
      await send(again, "Approve").click();
      await rosa.page.getByText(/^Approved by/).waitFor();
      expect((await requestNow(stage.world, id)).state).toBe("approved");
    },
  );
});
