// Makes docs/images/*.png from a real console with a small story in it. `npm run screenshots` brings what it needs.
import { mkdirSync } from "node:fs";
import path from "node:path";
import { accessTo, ask, askRefund, livePsql } from "../tests/support/agent.ts";
import { getAccess } from "../tests/support/api.ts";
import { phone, signedIn, startBrowser, type Visitor } from "../tests/support/browser.ts";
import { consoleSession } from "../tests/support/console.ts";
import { root } from "../tests/support/gateway.ts";
import { psql, startWorld } from "../tests/support/world.ts";

const folder = path.join(root, "docs/images");
mkdirSync(folder, { recursive: true });
const world = await startWorld({ store: "sqlite" });
const browser = await startBrowser();

/** Keeps what is on the screen, once nothing on it is still on its way. */
async function keep(who: Visitor, name: string): Promise<void> {
  await who.page.getByRole("heading", { level: 1 }).waitFor();
  await who.page.getByRole("status", { name: "Loading" }).first().waitFor({ state: "hidden" });
  await who.page.evaluate("document.fonts.ready.then(() => undefined)");
  await who.page.screenshot({ path: path.join(folder, `${name}.png`), animations: "disabled" });
  console.log(`docs/images/${name}.png`);
}

try {
  // What came before: work that was done, a denial, and a refund that was approved and used.
  const token = await world.agentToken();
  const earlier = await getAccess(world.gateway, token, "orders-db", ["read-orders"]);
  const lines = ["select count(*) from orders where status = 'sent'", "select * from payroll"];
  await psql(
    world,
    earlier.env,
    lines.flatMap((line) => ["-c", line]),
  );
  const done = await askRefund(world, "TICKET-4702: charged twice, refund the second order");
  const ravi = await consoleSession(world.gateway, world.okta, "ravi@example.com");
  const answer = { digest: done.digest, comment: "the bank's statement is in the ticket" };
  await ravi.call("POST", `/v1/requests/${done.id}/approve`, answer);
  const refund = await accessTo(world, done.id);
  await psql(world, refund.env, [
    "-c",
    "update orders set status = 'refunded' where id = 42",
    "-c",
    "update orders set status = 'refunded'",
  ]);
  const waiting = await askRefund(world, "TICKET-4711: parcel lost on the way, refund order 17");
  await ask(world, {
    operations: ["read-orders", "refund-order"],
    reason: "TICKET-4715: find the broken deliveries of Tuesday and refund them",
    ttl: "5m",
  });
  const access = await getAccess(world.gateway, token, "orders-db", ["read-orders"]);
  const live = await livePsql(world, access);

  const desktop = { viewport: { width: 1200, height: 760 } };
  const rosa = await signedIn(browser, world.gateway, "rosa@example.com", "/inbox", desktop);
  await rosa.page.getByRole("button", { name: /^Approve/ }).waitFor();
  await keep(rosa, "inbox");
  await rosa.open("/reach");
  await keep(rosa, "reach");
  const pocket = { ...phone, colorScheme: "dark" } as const;
  const onPhone = await signedIn(
    browser,
    world.gateway,
    "rosa@example.com",
    `/requests/${waiting.id}`,
    pocket,
  );
  await onPhone.page.getByRole("button", { name: /^Approve/ }).waitFor();
  await keep(onPhone, "request-phone");
  const olga = await signedIn(browser, world.gateway, "olga@example.com", "/live", desktop);
  await olga.page
    .getByText(/copy \(select/)
    .first()
    .waitFor();
  await keep(olga, "live");
  const ada = await signedIn(browser, world.gateway, "ada@example.com", `/requests/${done.id}`, {
    viewport: { width: 1200, height: 980 },
  });
  await ada.page.getByRole("list", { name: "What happened, oldest first" }).waitFor();
  await keep(ada, "story");
  await ada.page.setViewportSize(desktop.viewport);
  await ada.open("/activity");
  await ada.page.getByRole("list", { name: "Records" }).waitFor();
  await keep(ada, "activity");
  await ada.open("/connections");
  await ada.page.getByText("up", { exact: true }).first().waitFor({ timeout: 45_000 });
  await keep(ada, "connections");
  await ada.open("/integrity");
  await ada.page.getByText(/The log verifies/).waitFor();
  await keep(ada, "integrity");
  await world.gateway.stop();
  await live.ended;
} finally {
  await browser.close();
  await world.stop();
}
