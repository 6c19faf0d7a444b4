// tier: gate
import { createPrivateKey } from "node:crypto";
import { newSigningKey, type OktaStandIn, startOktaStandIn } from "@mayfly/okta-stand-in";
import { afterAll, beforeAll, expect, it } from "vitest";
import { idTokenFor } from "../../packages/okta-stand-in/src/testing/sign-in-to-agent.ts";
import { agentTokens, serviceTokens } from "../../packages/sdk/src/tokens/sources.ts";
import type { TokenSource } from "../../packages/sdk/src/tokens/token-source.ts";

// The sources of tokens against a server that checks what it is sent.

const resource = "https://mayfly.example.com";
let okta: OktaStandIn;
let key: Awaited<ReturnType<typeof newSigningKey>>;
let pem: string;

beforeAll(async () => {
  key = await newSigningKey("RS256");
  pem = createPrivateKey({ key, format: "jwk" }).export({ type: "pkcs8", format: "pem" }).toString();
  const { kty, n, e, kid } = key;
  const keys = [{ kty, n, e, kid } as typeof key];
  const connections = [{ resource, scopes: ["mayfly"] }];
  okta = await startOktaStandIn({
    agents: [
      { clientId: "0oaservice", keys, dpop: true },
      { clientId: "0oacaller", keys },
    ],
    people: [{ login: "rosa@example.com", name: "Rosa", groups: [], uid: "00uRosa" }],
    registeredAgents: [
      { clientId: "wlpagent", keys, connections, userAccess: {}, machineAccess: { callers: ["0oacaller"] } },
      { clientId: "wlpbound", keys, connections, userAccess: {}, dpop: true },
    ],
  });
});
afterAll(() => okta.close());

const of = (clientId: string) => ({
  issuer: okta.issuer,
  clientId,
  key: pem,
  keyId: key.kid ?? "",
  resource,
});
const claimsOf = async (source: TokenSource): Promise<Record<string, unknown>> =>
  JSON.parse(
    Buffer.from((await source.current()).accessToken.split(".")[1] ?? "", "base64url").toString(),
  ) as Record<string, unknown>;

it("a service app that demands DPoP gets a bound token", async () => {
  const { resource: _, ...service } = of("0oaservice");
  const claims = await claimsOf(serviceTokens(service));
  expect(claims).toMatchObject({ sub: "0oaservice", cnf: { jkt: expect.any(String) as unknown } });
});

it.each(["wlpagent", "wlpbound"])(
  "the registered agent %s acts for a person, with or without DPoP",
  async (id) => {
    const idToken = (): Promise<string> => idTokenFor(okta, { clientId: id, key }, "rosa@example.com");
    const claims = await claimsOf(agentTokens({ ...of(id), for: { idToken } }));
    expect(claims).toMatchObject({ aud: resource, uid: "00uRosa", act: { sub: id } });
    expect("cnf" in claims).toBe(id === "wlpbound");
  },
);

it("acts for the service app that calls it", async () => {
  const { resource: _, ...caller } = of("0oacaller");
  const called = serviceTokens(caller);
  const accessToken = async (): Promise<string> => (await called.current()).accessToken;
  const claims = await claimsOf(agentTokens({ ...of("wlpagent"), for: { accessToken } }));
  expect(claims).toMatchObject({ sub: "0oacaller", sub_profile: "service", aud: resource });
});

it("says what to change when the agent is deactivated", async () => {
  const idToken = await idTokenFor(okta, { clientId: "wlpagent", key }, "rosa@example.com");
  okta.agents.setStatus("wlpagent", "INACTIVE");
  await expect(claimsOf(agentTokens({ ...of("wlpagent"), for: { idToken } }))).rejects.toMatchObject({
    code: "agent_inactive",
    hint: expect.stringContaining("must be ACTIVE") as unknown,
  });
});
