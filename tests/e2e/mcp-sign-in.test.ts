// tier: full
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { call } from "@mayfly/testing/api.ts";
import { connectByUrlAlone } from "@mayfly/testing/coding-agent.ts";
import { installInspector } from "@mayfly/testing/inspector.ts";
import { startWorld, type World } from "@mayfly/testing/world.ts";

const clientId = "0oacodingagents";
let world: World;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "mayfly-inspector-"));
  world = await startWorld({
    store: "sqlite",
    publicClients: [{ clientId }],
    configure: (text) =>
      text
        .replace(
          "    directory:\n",
          `    directory:\n      ${clientId}: { name: coding-agents, groups: [support-agents] }\n`,
        )
        .replace("  people:\n", `  mcp_clients: { client_id: ${clientId} }\n  people:\n`),
  });
});
afterAll(async () => {
  await world.stop();
  rmSync(folder, { recursive: true, force: true });
});

const browseAs =
  (login: string) =>
  (url: string): Promise<string> =>
    world.okta.signIn(url, login);

test("a client of the official SDK that knows nothing but the URL ends up signed in for its person", async () => {
  const registration = `${world.okta.orgIssuer}/oauth2/v1/clients`;
  const refused = await fetch(registration, { method: "POST", body: "{}" });
  expect(refused.status).toBe(401);

  const agent = await connectByUrlAlone(world.gateway, browseAs("nils@example.com"));
  try {
    expect(agent.registered).toMatchObject({ client_id: clientId });
    expect(agent.registered).not.toHaveProperty("client_secret");
    expect(agent.authorization?.origin).toBe(world.okta.orgIssuer);
    expect(agent.authorization?.searchParams.get("scope")).toBe("mayfly");
    expect(agent.authorization?.searchParams.get("code_challenge_method")).toBe("S256");
    const made = agent.requests.map(({ method, url, status }) => `${method} ${url} ${status}`);
    const { url } = world.gateway;
    expect([...new Set(made)].slice(0, 6)).toEqual([
      `POST ${url}/mcp 401`,
      `GET ${url}/.well-known/oauth-protected-resource/mcp 200`,
      `GET ${url}/.well-known/oauth-authorization-server 200`,
      `POST ${url}/oauth/register 201`,
      `POST ${world.okta.tokenEndpoint} 200`,
      `POST ${url}/mcp 200`,
    ]);
    expect(made.filter((one) => one.includes(registration))).toEqual([]);

    // Its grants are those of coding agents, and its person stands behind it.
    const asked = await agent.client.callTool({
      name: "request_access",
      arguments: { connection: "orders-db", operations: ["read-orders"], reason: "TICKET-1: a late parcel" },
    });
    expect(asked.structuredContent).toMatchObject({ state: "approved" });
    const rows = await agent.client.callTool({
      name: "run_sql",
      arguments: { connection: "orders-db", sql: "select id from orders limit 1" },
    });
    expect(rows.isError).not.toBe(true);
    const ada = await world.personToken("ada@example.com");
    const { body } = await call(world.gateway, ada, "GET", "/v1/audit/records?type=request.created");
    expect((body as { records: object[] }).records[0]).toMatchObject({
      principal: { kind: "agent", name: "coding-agents", subject: "nils@example.com" },
    });
  } finally {
    await agent.close();
  }
});

test("the official inspector lists and calls the tools with the token of such a sign-in", async () => {
  const agent = await connectByUrlAlone(world.gateway, browseAs("nils@example.com"));
  try {
    const inspect = installInspector(folder, world.gateway);
    const token = agent.tokens?.access_token ?? "";
    const { tools } = (await inspect(token, ["--method", "tools/list"])) as { tools: { name: string }[] };
    expect(tools.map(({ name }) => name)).toContain("request_access");
    const listed = ["--method", "tools/call", "--tool-name", "list_operations"];
    expect(await inspect(token, listed)).toMatchObject({
      structuredContent: { operations: [{ operation: "orders-db/read-orders" }, {}] },
    });
  } finally {
    await agent.close();
  }
});

test("the inspector's page, which reads across origins, may read every document and register", async () => {
  const origin = "http://localhost:6274";
  for (const at of ["/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-authorization-server"]) {
    const { headers, status } = await call(world.gateway, undefined, "GET", at, undefined, { origin });
    expect([at, status, headers["access-control-allow-origin"]]).toEqual([at, 200, "*"]);
  }
  const asked = { redirect_uris: [`${origin}/oauth/callback`] };
  const { headers, status } = await call(world.gateway, undefined, "POST", "/oauth/register", asked, {
    origin,
  });
  expect([status, headers["access-control-allow-origin"]]).toEqual([201, "*"]);
});

test("a tool that would be sent back to somebody else's site gets no client, and sends no browser anywhere", async () => {
  const sent: string[] = [];
  const connecting = connectByUrlAlone(
    world.gateway,
    async (url) => {
      sent.push(url);
      return url;
    },
    "https://evil.example/callback",
  );
  await expect(connecting).rejects.toThrow(/redirect/i);
  expect(sent).toEqual([]);
});
