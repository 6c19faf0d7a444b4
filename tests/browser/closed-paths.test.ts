// tier: full
import type { ProbeTask } from "@mayfly/sdk";
import { expect, test } from "vitest";
import { call } from "@mayfly/testing/api.ts";
import { closedReport } from "@mayfly/testing/probed.ts";
import { inaccessible } from "./accessible.ts";
import { useStage } from "./stage.ts";

const stage = useStage({
  configure: (text) =>
    text.replace(
      /(operations: \[refund-order\]\n)/,
      "$1    requires: { closed_paths: 24h, sandbox: true }\n",
    ),
});

const refund = { connection: "orders-db", operations: ["refund-order"], reason: "TICKET-4711: parcel lost" };

test("a reviewer reads what is known of where a task runs, and Reach what has to be", async () => {
  const { world } = stage;
  const [agent, operator] = [await world.agentToken(), await world.personToken("olga@example.com")];
  const offer = await call(world.gateway, operator, "POST", "/v1/probes", {});
  const begun = await call(world.gateway, agent, "POST", "/v1/probes/start", {
    token: (offer.body as { token: string }).token,
  });
  await call(world.gateway, agent, "POST", "/v1/probes/report", closedReport(begun.body as ProbeTask));
  const asked = { ...refund, sandbox: true, lease: true };
  const { id } = (await call(world.gateway, agent, "POST", "/v1/requests", asked)).body as { id: string };
  const { page } = await stage.signedIn("rosa@example.com", `/requests/${id}`);
  const who = page.getByRole("heading", { name: "Who asks" }).locator("..");
  await who.getByText(/^probed closed/).waitFor();
  await who.getByText("claimed by who asks, not checked").waitFor();
  expect(await inaccessible(page)).toEqual([]);
  const reader = await stage.signedIn("ada@example.com", "/reach");
  await reader.open("/reach?open=orders-db%2Frefund-order");
  const policies = reader.page.getByRole("region", { name: "Policies", exact: true });
  await policies.getByText("from a host with its direct paths probed closed within 1 day").waitFor();
  await policies.getByText("for a command in a sandbox, as what starts it says").waitFor();
  expect(await inaccessible(reader.page)).toEqual([]);
});
