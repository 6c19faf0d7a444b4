// tier: full
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { call } from "@mayfly/testing/api.ts";
import { billingAuth, startBilling, withBilling, type Billing } from "@mayfly/testing/billing.ts";
import { root, type GatewayProcess } from "@mayfly/testing/gateway.ts";
import { namedFirst, secondGateway } from "@mayfly/testing/second-gateway.ts";
import { startWorld, type World } from "@mayfly/testing/world.ts";

// The attack: a grant for three refunds, used at two gateways at once.

let world: World;
let billing: Billing;
let folder: string;
let second: GatewayProcess;
let startSecond: () => Promise<GatewayProcess>;

beforeAll(async () => {
  billing = await startBilling();
  folder = mkdtempSync(path.join(tmpdir(), "mayfly-budgets-"));
  copyFileSync(path.join(root, "examples/schemas/refund.json"), path.join(folder, "refund.json"));
  world = await startWorld({
    store: "postgres",
    configure: (text) => namedFirst(withBilling(text, billing.url, folder)),
    environment: { BILLING_AUTH: billingAuth },
  });
  startSecond = await secondGateway(world);
  second = await startSecond();
});
afterAll(async () => {
  await second?.stop("SIGKILL");
  await world?.stop();
  await billing.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A grant for three refunds, which a person has approved. @returns its bearer */
async function threeRefunds(): Promise<string> {
  const token = await world.agentToken();
  const asked = await call(world.gateway, token, "POST", "/v1/requests", {
    connection: "billing-api",
    operations: ["refund"],
    reason: "TICKET-10 billed twice",
  });
  const { id, digest } = asked.body as { id: string; digest: string };
  const reviewer = await world.personToken("rosa@example.com");
  const decision = { digest, comment: "" };
  await call(world.gateway, reviewer, "POST", `/v1/requests/${id}/approve`, decision);
  const { body } = await call(world.gateway, token, "GET", `/v1/requests/${id}`);
  const { grant_id: grant } = body as { grant_id: string };
  const collected = await call(world.gateway, token, "POST", `/v1/grants/${grant}/secret`);
  return (collected.body as { access: { secret: string } }).access.secret;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Refunds on a client connection of its own. */
function refund(gateway: GatewayProcess, bearer: string, cents = 1): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(`${gateway.url}/http/billing-api/v1/refunds`, {
      method: "POST",
      agent: false,
      ca: readFileSync(gateway.caFile),
      headers: {
        authorization: `Bearer ${bearer}`,
        "content-type": "application/json",
        // Both have the URL of what would stand before them.
        host: new URL(world.gateway.url).host,
      },
    });
    asked.once("error", reject);
    asked.once("response", (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => (text += part));
      response.once("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    asked.end(JSON.stringify({ invoice: "inv_7", cents }));
  });
}

/** Waits until a gateway knows the grant, by a refund that its schema denies and that costs no budget. */
const known = (gateway: GatewayProcess, bearer: string): Promise<void> =>
  expect
    .poll(() => refund(gateway, bearer, 99_999).then(({ text }) => text), { timeout: 20_000 })
    .toContain("50000");

const refunded = (): number => billing.seen.filter(({ url }) => url === "/v1/refunds").length;

test("three refunds are three, however many are tried at both at once", async () => {
  const bearer = await threeRefunds();
  await known(second, bearer);
  const before = refunded();
  const tries = Array.from({ length: 20 }, () => [
    refund(world.gateway, bearer),
    refund(second, bearer),
  ]).flat();
  const answers = await Promise.all(tries);
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
  expect(answers.filter(({ text }) => text.includes("has used all 3"))).toHaveLength(37);
  expect(refunded() - before).toBe(3);
});

test("one that is killed in between, and both started again, begin no count anew", async () => {
  const bearer = await threeRefunds();
  await known(second, bearer);
  expect((await refund(second, bearer)).status).toBe(201);
  await second.stop("SIGKILL");
  expect((await refund(world.gateway, bearer)).status).toBe(201);
  second = await startSecond();
  await world.gateway.stop("SIGKILL");
  await world.restart();
  await known(second, bearer);
  await known(world.gateway, bearer);
  const answers = await Promise.all(
    [world.gateway, second, world.gateway, second].map((gateway) => refund(gateway, bearer)),
  );
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
});
