// tier: full
import { afterEach, expect, test } from "vitest";
import { call, getAccess } from "@mayfly/testing/api.ts";
import { livePsql, until } from "@mayfly/testing/live-psql.ts";
import { withProvider } from "@mayfly/testing/withdrawn.ts";
import { startWorld, type World } from "@mayfly/testing/world.ts";

let world: World | undefined;
afterEach(async () => {
  await world?.stop();
  world = undefined;
});

const count = "select count(*) > 0 from orders";
const bounded = (text: string): string => withProvider(text, "reverify: 10s");
const introspecting = (text: string): string =>
  bounded(text).replace(
    "    reverify: 10s\n",
    `    reverify: 10s
    introspection: { client_id: mayfly, client_secret: { env: INTROSPECTION_SECRET }, every: 1h }
`,
  );

test("a session by a grant's secret outlives the last proof of its agent by no more than reverify, and says so", async () => {
  world = await startWorld({ store: "sqlite", configure: bounded });
  const at = world;
  const token = await at.agentToken();
  const access = await getAccess(at.gateway, token, "orders-db", ["read-orders"], "5m");
  const session = livePsql(at, access);
  expect(await session.ask(count)).toBe("t");
  const words =
    /your identity cannot be verified any more: the last proof that \S+ is still good is \d+s old/;
  expect(await session.ended()).toMatch(words);
  // By the secret and by the old token: neither is a proof.
  expect(await livePsql(at, access).ended()).toMatch(/your identity cannot be verified now: the last proof/);
  const refused = await call(at.gateway, token, "GET", "/v1/operations");
  expect(refused).toMatchObject({ status: 401, body: { code: "token_stale" } });
  // The grant is what it was: a fresh token proves its agent, and the secret opens a session.
  expect((await call(at.gateway, await at.agentToken(), "GET", "/v1/operations")).status).toBe(200);
  const again = livePsql(at, access);
  expect(await again.ask(count)).toBe("t");
  again.end();
  const auditor = await at.personToken("ada@example.com");
  const closed = await until("the end is recorded", async () => {
    const path = `/v1/audit/records?grant=${access.grant}&type=session.closed&limit=100`;
    const { body } = await call(at.gateway, auditor, "GET", path);
    return (body as { records: { detail: { cause?: string; reason: string } }[] }).records.find(
      ({ detail }) => detail.cause === "reverify",
    );
  });
  expect(closed.detail.reason).toMatch(words);
});

test("with introspection a session lives on while its agent is good, and ends with its token", async () => {
  world = await startWorld({ store: "sqlite", configure: introspecting });
  const at = world;
  const token = await at.agentToken();
  const access = await getAccess(at.gateway, token, "orders-db", ["read-orders"], "5m");
  const session = livePsql(at, access);
  expect(await session.ask(count)).toBe("t");
  await new Promise((resolve) => setTimeout(resolve, 15_000));
  expect(await session.ask(count)).toBe("t");
  await at.okta.revoke(token);
  expect(await session.ended()).toContain("identity withdrawn: the access token is no longer active");
});
