// tier: full
import { expect, test } from "vitest";
import { askRefund } from "@mayfly/testing/agent.ts";
import { inaccessible } from "./accessible.ts";
import { useStage } from "./stage.ts";

const stage = useStage({
  configure: (text) =>
    text.replace(
      /^policies:\n/m,
      `policies:
  - name: refunds without a person
    shadow: true
    groups: [support-agents]
    connection: orders-db
    operations: [refund-order]
    ttl: 5m
`,
    ),
});

test("a reviewer reads what a policy in shadow would have done, and Reach lists it apart", async () => {
  const { id } = await askRefund(stage.world);
  const { page } = await stage.signedIn("rosa@example.com", `/requests/${id}`);
  const would = page.getByRole("heading", { name: "If policies in shadow decided" }).locator("..");
  await would.waitFor();
  expect(await would.getByRole("listitem").allInnerTexts()).toEqual([
    "It would be granted at once for 5 minutes.",
    "orders-db/refund-order: permitted automatically by policy 'refunds without a person' (group support-agents)",
  ]);
  expect(await inaccessible(page)).toEqual([]);
  const reader = await stage.signedIn("ada@example.com", "/reach");
  await reader.open("/reach?open=orders-db%2Frefund-order");
  const apart = reader.page.getByRole("region", { name: "Policies in shadow" });
  await apart.waitFor();
  expect(await apart.innerText()).toContain("refunds without a person");
  const deciding = reader.page.getByRole("region", { name: "Policies", exact: true });
  expect(await deciding.innerText()).not.toContain("refunds without a person");
  expect(await inaccessible(reader.page)).toEqual([]);
});
