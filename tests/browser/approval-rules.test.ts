// tier: full
import { describe, expect, test } from "vitest";
import { askRefund, requestNow } from "@mayfly/testing/agent.ts";
import { chooseAtProvider } from "@mayfly/testing/browser.ts";
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

describe("a request that waits for twenty seconds at most", () => {
  const stage = useStage({
    configure: (text) =>
      text.replace(
        /approval: \{[^}]*by: \[support-leads\][^\n]*/,
        "approval: { by: [support-leads], count: 1, within: 20s }",
      ),
  });

  test("a yes after the time-out does not count", async () => {
    const rosa = await stage.signedIn("rosa@example.com");
    const { id } = await askRefund(stage.world);
    await deaf(rosa.page);
    await rosa.open(`/requests/${id}`);
    const dialog = await begin(rosa.page, "Approve");
    expect((await requestNow(stage.world, id, "60s")).state).toBe("timed_out");
    await send(dialog, "Approve").click();
    await dialog.getByText("Too late: it timed out.").waitFor();
    await rosa.page.getByText(/nobody decided in time/).waitFor();
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
      // Said before anything is pressed, in the words of the sign-in page, with one way to do it.
      await rosa.page.getByText("Sign in again to approve:").waitFor();
      const dialog = await begin(rosa.page, "Approve");
      await dialog.getByRole("textbox").fill("looked at it twice");
      expect(await send(dialog, "Approve").count()).toBe(0);
      await dialog.getByText("this needs a sign-in from the last 30 seconds.").waitFor();
      const way = dialog.getByRole("button", { name: /^Sign in with / });
      expect(await way.allInnerTexts()).toEqual([
        by === "saml" ? "Sign in with Okta (SAML)" : "Sign in with Okta",
      ]);
      expect((await requestNow(stage.world, id)).state).toBe("pending");
      await way.click();
      // The provider knows this browser, and asks all the same.
      await chooseAtProvider(rosa.page, "rosa@example.com");
      await rosa.page.waitForURL(`**/requests/${id}`);
      const again = rosa.page.getByRole("dialog");
      await again.waitFor();
      await expect.poll(() => again.getByRole("textbox").inputValue()).toBe("looked at it twice");
      await send(again, "Approve").click();
      await rosa.page.getByText(/^Approved by/).waitFor();
      expect((await requestNow(stage.world, id)).state).toBe("approved");
    },
  );
});
