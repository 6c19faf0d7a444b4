// tier: full
import { newSigningKey, type StandInAgent } from "@mayfly/okta-stand-in";
import { afterAll, beforeAll, expect, test } from "vitest";
import { call, getAccess, type ApiAnswer } from "@mayfly/testing/api.ts";
import { agentId, apiClient } from "@mayfly/testing/people.ts";
import { psql, startWorld, type World } from "@mayfly/testing/world.ts";

let world: World;

beforeAll(async () => {
  const key = await newSigningKey("RS256");
  const { kty, n, e, kid } = key;
  world = await startWorld({
    store: "sqlite",
    apiKeys: [{ kty, n, e, kid }] as StandInAgent["keys"],
    environment: { OKTA_API_KEY: JSON.stringify(key) },
    configure: (text) =>
      text
        .replace(
          /^ {4}allow_insecure_loopback: true.*$/m,
          `    allow_insecure_loopback: true
    groups_from: okta
    okta_api: { client_id: ${apiClient}, key: { env: OKTA_API_KEY }, max_age: 10s }`,
        )
        .replace(/^ {2}signals: .*$/m, "  signals: { system_log: { every: 1s } }"),
  });
});
afterAll(() => world.stop());

const ask = async (): Promise<ApiAnswer> =>
  call(world.gateway, await world.agentToken(), "POST", "/v1/requests", {
    connection: "orders-db",
    operations: ["read-orders"],
    reason: "TICKET-1",
  });
const grantOf = async (grant: string): Promise<unknown> => {
  const operator = await world.personToken("olga@example.com");
  return (await call(world.gateway, operator, "GET", `/v1/grants/${grant}`)).body;
};
/** Asks until it is answered so, for a minute at most. */
async function comesTo<T>(look: () => Promise<T>, is: (answer: T) => boolean): Promise<T> {
  const end = Date.now() + 60_000;
  for (;;) {
    const answer = await look();
    if (is(answer) || Date.now() > end) return answer;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
const isState = (state: string) => (body: unknown) => (body as { state?: string }).state === state;
const select = async (env: Readonly<Record<string, string>>): Promise<number> =>
  (await psql(world, env, ["-c", "select id from orders limit 1"])).code;

test("an agent's groups are those that Okta says now, and what it holds goes with them", async () => {
  // The directory lists it: with groups from Okta that gives it nothing.
  expect((await ask()).body).toMatchObject({ code: "denied" });
  world.okta.lifecycle.setAppGroups(agentId, ["support-agents"]);
  const granted = await comesTo(ask, ({ body }) => isState("approved")(body));
  expect(granted.body).toMatchObject({ state: "approved" });
  const access = await getAccess(world.gateway, await world.agentToken(), "orders-db", ["read-orders"]);
  expect(await select(access.env)).toBe(0);

  world.okta.lifecycle.setAppGroups(agentId, ["others"]);
  const ended = await comesTo(() => grantOf(access.grant), isState("revoked"));
  expect(ended).toMatchObject({ state: "revoked" });
  expect(await select(access.env)).not.toBe(0);
  expect((await ask()).body).toMatchObject({ code: "denied" });
});

test("past the age of an answer nothing new is granted, what is held goes on, and it heals", async () => {
  world.okta.lifecycle.setAppGroups(agentId, ["support-agents"]);
  await comesTo(ask, ({ body }) => isState("approved")(body));
  const access = await getAccess(world.gateway, await world.agentToken(), "orders-db", ["read-orders"]);
  world.okta.api.fail("server_error");
  const refused = await comesTo(ask, ({ status }) => status === 503);
  expect(refused).toMatchObject({
    status: 503,
    body: {
      code: "groups_unknown",
      detail: expect.stringContaining("Okta could not be asked about this agent since"),
    },
  });
  expect(await select(access.env)).toBe(0);
  world.okta.api.fail(undefined);
  const healed = await comesTo(ask, ({ status }) => status !== 503);
  expect(healed.body).toMatchObject({ state: "approved" });
});

test("a deactivated agent is out, and its token is refused", async () => {
  const token = await world.agentToken();
  const access = await getAccess(world.gateway, token, "orders-db", ["read-orders"]);
  expect(await select(access.env)).toBe(0);
  world.okta.deactivate(agentId);
  const ended = await comesTo(() => grantOf(access.grant), isState("revoked"));
  expect(ended).toMatchObject({ state: "revoked", ended_by: "identity" });
  expect(await select(access.env)).not.toBe(0);
  const answer = await call(world.gateway, token, "GET", "/v1/operations");
  expect(answer.status).toBe(401);
});
