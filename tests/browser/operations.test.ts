// tier: full
import { describe, expect, test } from "vitest";
import { ask, askRefund, livePsql } from "@mayfly/testing/agent.ts";
import { call, getAccess, type Access } from "@mayfly/testing/api.ts";
import { psql } from "@mayfly/testing/world.ts";
import { grants, waiting } from "./deciding.ts";
import { useStage } from "./stage.ts";

describe("an operator in an incident", () => {
  const stage = useStage();

  const read = async (): Promise<Access> =>
    getAccess(stage.world.gateway, await stage.world.agentToken(), "orders-db", ["read-orders"]);

  test("revokes all of an agent at once", async () => {
    const both = [await read(), await read()];
    const running = await Promise.all(both.map((access) => livePsql(stage.world, access)));
    const olga = await stage.signedIn("olga@example.com", "/live");
    await expect.poll(() => grants(olga.page).count()).toBe(both.length);
    await olga.page.getByRole("button", { name: "Revoke all of this agent" }).click();
    const dialog = olga.page.getByRole("dialog");
    await dialog.getByRole("textbox").fill("its key leaked");
    await dialog.getByRole("button", { name: "Revoke all", exact: true }).click();
    await dialog.waitFor({ state: "hidden" });
    for (const { ended } of running) expect((await ended).stderr).toMatch(/FATAL: .*its key leaked/);
    for (const { env } of both) expect((await psql(stage.world, env, ["-c", "select 1"])).code).toBe(2);
  });

  test("locks everything down, which takes the word itself, and lifts it again", async () => {
    const access = await read();
    const { ended } = await livePsql(stage.world, access);
    const rosa = await stage.signedIn("rosa@example.com", "/inbox");
    const olga = await stage.signedIn("olga@example.com", "/live");
    await olga.page.getByRole("button", { name: "Lock everything down" }).click();
    const dialog = olga.page.getByRole("dialog");
    const confirm = dialog.getByRole("button", { name: "Lock everything down" });
    await dialog.getByLabel("Reason").fill("incident 42");
    const word = dialog.getByLabel(/^Type/);
    await word.fill("lock dow");
    expect(await confirm.isDisabled()).toBe(true);
    await word.fill("lock down");
    await confirm.click();
    await dialog.waitFor({ state: "hidden" });
    expect((await ended).stderr).toMatch(/FATAL: .*(incident 42|lock)/);
    await expect(ask(stage.world, { operations: ["read-orders"], reason: "TICKET-1" })).rejects.toThrow(
      /lock/,
    );
    // Everybody who looks is told, at once.
    await rosa.page.getByText("Everything is locked down").first().waitFor();
    await olga.page.getByText("Everything is locked down").first().waitFor();
    await olga.page.getByRole("button", { name: "Lift the lock-down" }).click();
    await olga.page.getByRole("dialog").getByRole("button", { name: "Lift the lock-down" }).click();
    await rosa.page.getByText("Everything is locked down").first().waitFor({ state: "hidden" });
    await read();
  });

  test("a page that lost the gateway says so, and catches up when it is back", async () => {
    const rosa = await stage.signedIn("rosa@example.com", "/inbox");
    await rosa.page.getByRole("heading", { name: "Inbox" }).waitFor();
    await stage.world.gateway.stop();
    await rosa.page.getByText("Connection lost.").waitFor();
    await stage.world.restart();
    const { id } = await askRefund(stage.world, "TICKET-9: while nobody looked");
    // Whoever was signed in still is; if not, they are told to sign in, and see it then.
    await rosa.page.getByText("Connection lost.").waitFor({ state: "hidden", timeout: 60_000 });
    await waiting(rosa.page, "refund-order").waitFor();
    const ravi = await stage.world.personToken("ravi@example.com");
    const { body } = await call(stage.world.gateway, ravi, "GET", `/v1/requests/${id}`);
    expect((body as { state: string }).state).toBe("pending");
  });
});
