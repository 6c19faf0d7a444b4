// tier: gate
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { call, getAccess } from "@mayfly/testing/api.ts";
import { connectMcp } from "@mayfly/testing/mcp.ts";
import { agentId, startProvider } from "@mayfly/testing/people.ts";
import { freePort } from "@mayfly/testing/ports.ts";
import { startAll } from "@mayfly/testing/undo.ts";
import type { OktaStandIn } from "@mayfly/okta-stand-in";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../packages/gateway/src/kernel/clock.ts";
import { type RunningGateway, startGateway } from "../../packages/gateway/src/main/gateway.ts";
import { protocolFactories } from "../../packages/gateway/src/main/protocols.ts";
import { createLogger } from "../../packages/gateway/src/main/telemetry/logger.ts";
import { createToy, parrot } from "./toy/index.ts";

// Adding a protocol is one folder (toy/) and one line (`createToy`, below): nothing in the gateway names it.

interface Scene {
  readonly gateway: { readonly url: string; readonly caFile: string };
  readonly okta: OktaStandIn;
  stop(): Promise<void>;
}

let scene: Scene;

const configuration = (https: number, okta: OktaStandIn): string => `url: https://localhost:${https}
listen: { https: 127.0.0.1:${https} }
identity:
  agents:
    issuer: ${okta.issuer}
    audience: ${okta.audience}
    allow_insecure_loopback: true
    directory: { ${agentId}: { name: support-bot, groups: [support-agents] } }
  people: { clients: [${okta.peopleClient}] }
  roles: { auditor: [security] }
connections:
  birds:
    toy: { cage: "the garden" }
    operations:
      greet: { words: [hello, stay] }
policies:
  - name: agents greet
    groups: [support-agents]
    connection: birds
    operations: [greet]
    ttl: 5m
`;

beforeAll(async () => {
  scene = await startAll(async ({ folder: makeFolder, onStop, stop }) => {
    const folder = await makeFolder("toy");
    const https = await freePort();
    const okta = await startProvider(`https://localhost:${https}`);
    onStop(() => okta.close());
    const file = path.join(folder, "mayfly.yaml");
    await writeFile(file, configuration(https, okta));
    const gateway: RunningGateway = await startGateway({
      file,
      environment: {},
      clock: systemClock,
      logger: createLogger("silent"),
      protocols: [...protocolFactories, createToy],
    });
    onStop(() => gateway.stop("the test is over"));
    return { gateway: { url: gateway.url, caFile: gateway.caFile ?? "" }, okta, stop };
  });
});
afterAll(() => scene.stop());

async function records(query: string): Promise<readonly Record<string, unknown>[]> {
  const auditor = await scene.okta.tokenFor({ person: "ada@example.com" });
  const answer = await call(scene.gateway, auditor, "GET", `/v1/audit/records?${query}`);
  expect(answer.status).toBe(200);
  return (answer.body as { records: Record<string, unknown>[] }).records;
}

test("a protocol that nothing names is configured, requested, used, denied, recorded and ended", async () => {
  const { gateway, okta } = scene;
  const token = await okta.tokenFor({ agent: agentId });
  const listed = await call(gateway, token, "GET", "/v1/operations");
  expect(JSON.stringify(listed.body)).toContain("say hello, stay");

  const access = await getAccess(gateway, token, "birds", ["greet"]);
  const { MAYFLY_TOY_URL: url = "", MAYFLY_BEARER: bearer = "" } = access.env;
  expect(url).toBe(`${gateway.url}/toy/birds`);

  const said = await call(gateway, bearer, "GET", `${url}/hello`);
  expect(said).toMatchObject({ status: 200, body: "HELLO" });
  const denied = await call(gateway, bearer, "GET", `${url}/attack`);
  expect(denied).toMatchObject({ status: 403, body: { code: "denied", rule: "birds/greet: words" } });
  expect(parrot).toEqual(["HELLO"]);

  const staying = call(gateway, bearer, "GET", `${url}/stay`);
  await expect.poll(() => parrot.length).toBe(2);
  const released = await call(gateway, token, "DELETE", `/v1/grants/${access.grant}`);
  expect(released.status).toBe(200);
  expect((await staying).body).toBe("STAY released");
  expect(await call(gateway, bearer, "GET", `${url}/hello`)).toMatchObject({
    status: 403,
    body: { code: "no_grant" },
  });
  expect(parrot).toEqual(["HELLO", "STAY"]);

  const ofGrant = async (type: string): Promise<unknown[]> =>
    (await records(`grant=${access.grant}&type=${type}`)).map(({ detail }) => detail);
  await expect.poll(() => ofGrant("act.intent")).toHaveLength(2);
  expect(await ofGrant("act.intent")).toContainEqual(
    expect.objectContaining({ act: { word: "hello" }, operation: "birds/greet" }),
  );
  expect(await ofGrant("act.denied")).toMatchObject([
    { act: { word: "attack" }, rule: "birds/greet: words" },
  ]);
  await expect.poll(() => ofGrant("act.outcome")).toHaveLength(2);
});

test("its tool works through Mayfly's own MCP server", async () => {
  const { gateway, okta } = scene;
  const token = await okta.tokenFor({ agent: agentId });
  const agent = await connectMcp(gateway, token);
  try {
    const offered = await agent.use("list_operations");
    expect(offered.data["operations"]).toMatchObject([{ operation: "birds/greet", use: "say_word" }]);
    await agent.use("request_access", {
      connection: "birds",
      operations: ["greet"],
      reason: "TICKET-1 greet the birds",
    });
    const said = await agent.use("say_word", { connection: "birds", word: "hello" });
    expect(said.data).toEqual({ said: "HELLO" });
    const refused = await agent.use("say_word", { connection: "birds", word: "attack" });
    expect(refused.text).toContain("attack is not granted");
  } finally {
    await agent.close();
  }
});
