// tier: full
import type { ProbeTask } from "@mayfly/sdk";
import { expect, test } from "vitest";
import { askRefund } from "@mayfly/testing/agent.ts";
import { call } from "@mayfly/testing/api.ts";
import { closedReport } from "@mayfly/testing/probed.ts";
import { inaccessible } from "./accessible.ts";
import { useStage } from "./stage.ts";

const stage = useStage({
  configure: (text) =>
    text.replace(/(operations: \[refund-order\]\n)/, "$1    requires: { closed_paths: 24h }\n"),
});

test("a reviewer reads when the host that asks was probed closed, and Reach that it has to be", async () => {
  const { world } = stage;
  const [agent, operator] = [await world.agentToken(), await world.personToken("olga@example.com")];
  const offer = await call(world.gateway, operator, "POST", "/v1/probes", {});
  const begun = await call(world.gateway, agent, "POST", "/v1/probes/start", {
    token: (offer.body as { token: string }).token,
  });
  await call(world.gateway, agent, "POST", "/v1/probes/report", closedReport(begun.body as ProbeTask));
  const { id } = await askRefund(world);
  const { page } = await stage.signedIn("rosa@example.com", `/requests/${id}`);
  const who = page.getByRole("heading", { name: "Who asks" }).locator("..");
  await who.getByText(/^probed closed/).waitFor();
  expect(await inaccessible(page)).toEqual([]);
  const reader = await stage.signedIn("ada@example.com", "/reach");
  await reader.open("/reach?open=orders-db%2Frefund-order");
  const policies = reader.page.getByRole("region", { name: "Policies", exact: true });
  await policies.getByText("from a host with its direct paths probed closed within 1 day").waitFor();
  expect(await inaccessible(reader.page)).toEqual([]);
});
