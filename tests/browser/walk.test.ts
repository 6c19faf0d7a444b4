// tier: gate
import { describe, expect, test } from "vitest";
import { accessTo, askRefund, livePsql } from "@mayfly/testing/agent.ts";
import { getAccess } from "@mayfly/testing/api.ts";
import { psql } from "@mayfly/testing/world.ts";
import { decide, grants, recordsOf, waiting } from "./deciding.ts";
import { useStage } from "./stage.ts";

// The one walk through the console that every landing takes: signed in, approved, cut.

const refund = "update orders set status = 'refunded' where id = 17";

describe("an agent's access, in the hands of people", () => {
  const stage = useStage();

  test("what is asked appears in an open inbox, is approved there, and used with a real psql", async () => {
    const rosa = await stage.signedIn("rosa@example.com", "/inbox");
    await rosa.page.getByText("No requests waiting for you").waitFor();
    const { id } = await askRefund(stage.world, "TICKET-1: parcel lost");
    await waiting(rosa.page, "refund-order").waitFor();
    const pane = rosa.page.getByRole("region", { name: "The selected request" });
    // What the reviewer sees is what would run, in words.
    await pane.getByText("TICKET-1: parcel lost").waitFor();
    await pane
      .getByText(/update/)
      .first()
      .waitFor();
    await pane.getByText("owner@example.com").waitFor();
    await decide(rosa.page, "Approve", "checked with the carrier");
    await rosa.page.getByText("No requests waiting for you").waitFor();
    const access = await accessTo(stage.world, id);
    expect(await psql(stage.world, access.env, ["-c", refund])).toMatchObject({ stdout: "UPDATE 1\n" });
    const given = (await recordsOf(stage.world, id)).find(({ type }) => type === "approval.given");
    expect(JSON.stringify(given)).toContain("checked with the carrier");
  });

  test("sees a live psql and what it runs, and revokes its grant: cut in the middle of its result", async () => {
    const token = await stage.world.agentToken();
    const access = await getAccess(stage.world.gateway, token, "orders-db", ["read-orders"]);
    const { ended } = await livePsql(stage.world, access);
    const olga = await stage.signedIn("olga@example.com", "/live");
    const grant = grants(olga.page).filter({ hasText: "read-orders" });
    await grant.waitFor();
    await grant
      .getByText(/copy \(select a\.id/)
      .first()
      .waitFor();
    await grant.getByRole("button", { name: "Revoke", exact: true }).click();
    const dialog = olga.page.getByRole("dialog");
    await dialog.getByRole("textbox").fill("suspicious");
    await dialog.getByRole("button", { name: "Revoke", exact: true }).click();
    await dialog.waitFor({ state: "hidden" });
    const { code, stderr } = await ended;
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/FATAL: .*suspicious/);
    await grant.waitFor({ state: "hidden" });
    expect((await psql(stage.world, access.env, ["-c", "select 1"])).code).toBe(2);
  });
});
