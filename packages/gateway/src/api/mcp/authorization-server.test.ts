import type { FastifyInstance } from "fastify";
import { afterEach, describe, expect, it } from "vitest";
import { MayflyError } from "../../kernel/errors.ts";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { loopbackRedirects } from "../../kernel/redirect-uris.ts";
import { register } from "../../identity/mcp-clients/registration.ts";
import type { McpClients } from "../../identity/mcp-clients/mcp-clients.ts";
import { createApi } from "../server.ts";
import { fakes } from "../testing/fakes.ts";

const url = "https://mayfly.test:8443";
const documents = ["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"];
let app: FastifyInstance | undefined;
afterEach(() => app?.close());

function start(mcpClients?: McpClients): FastifyInstance {
  const { services } = fakes({ clock: fakeClock(), ...(mcpClients === undefined ? {} : { mcpClients }) });
  app = createApi(services);
  return app;
}

const client = { clientId: "0oamcp", redirectUris: loopbackRedirects, scopes: ["mayfly"] };
const clients: McpClients = {
  metadata: async (issuer) => ({ issuer, response_types_supported: ["code"] }),
  register: (asked) => register(asked, client, 0),
};
const body = { redirect_uris: ["http://localhost:8250/callback"] };

describe("the resource", () => {
  it("is one, in every document", async () => {
    for (const path of documents) {
      expect((await start().inject(path)).json()).toEqual({
        resource: url,
        authorization_servers: ["https://issuer.test/oauth2/aus1"],
        scopes_supported: ["mayfly"],
        bearer_methods_supported: ["header"],
        resource_name: "Mayfly",
      });
    }
  });

  it("leads to the gateway's own document first, where it hands out a client", async () => {
    for (const path of documents)
      expect((await start(clients).inject(path)).json()).toMatchObject({
        resource: url,
        authorization_servers: [url, "https://issuer.test/oauth2/aus1"],
      });
  });
});

describe("the authorization server's document", () => {
  it.each([
    ["/.well-known/oauth-authorization-server", url],
    ["/.well-known/oauth-authorization-server/mcp", `${url}/mcp`],
  ])("at %s has the issuer that it is asked under", async (path, issuer) => {
    const answer = await start(clients).inject(path);
    expect([answer.statusCode, answer.json()]).toEqual([200, { issuer, response_types_supported: ["code"] }]);
    expect(answer.headers["access-control-allow-origin"]).toBe("*");
  });

  it("is not there where no client is handed out, and neither is registration", async () => {
    expect((await start().inject("/.well-known/oauth-authorization-server")).statusCode).toBe(404);
    expect((await start().inject({ method: "POST", url: "/oauth/register", payload: body })).statusCode).toBe(
      404,
    );
  });

  it("says when the provider is away", async () => {
    const away = new MayflyError("authorization_server_away", "away", { status: 503 });
    const answer = await start({ ...clients, metadata: () => Promise.reject(away) }).inject(
      "/.well-known/oauth-authorization-server",
    );
    expect([answer.statusCode, answer.headers["retry-after"]]).toEqual([503, "5"]);
  });
});

describe("registration", () => {
  it("answers as RFC 7591 has it", async () => {
    const answer = await start(clients).inject({ method: "POST", url: "/oauth/register", payload: body });
    expect(answer.statusCode).toBe(201);
    expect(answer.headers["content-type"]).toContain("application/json");
    expect(answer.headers["cache-control"]).toBe("no-store");
    expect(answer.json()).toMatchObject({ client_id: "0oamcp", token_endpoint_auth_method: "none" });
    expect(answer.body).not.toContain("secret");
  });

  it.each([
    [
      "another site",
      JSON.stringify({ redirect_uris: ["https://evil.example"] }),
      400,
      "invalid_redirect_uri",
    ],
    [
      "a member twice",
      '{"redirect_uris":[],"redirect_uris":["http://localhost/"]}',
      400,
      "invalid_client_metadata",
    ],
    ["no JSON", "{", 400, "invalid_client_metadata"],
    ["too much", JSON.stringify({ ...body, client_name: "a".repeat(17_000) }), 413, undefined],
  ])("refuses %s", async (_, payload, status, error) => {
    const headers = { "content-type": "application/json" };
    const answer = await start(clients).inject({ method: "POST", url: "/oauth/register", headers, payload });
    expect([answer.statusCode, answer.json<{ error?: string }>().error]).toEqual([status, error]);
  });

  it("takes no form", async () => {
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const payload = "redirect_uris=http://localhost/";
    const answer = await start(clients).inject({ method: "POST", url: "/oauth/register", headers, payload });
    expect(answer.statusCode).toBe(415);
  });

  it("is bounded for one address, and open to another", async () => {
    const api = start(clients);
    const from = (remoteAddress: string) =>
      api.inject({ method: "POST", url: "/oauth/register", payload: body, remoteAddress });
    for (let i = 0; i < 60; i += 1) expect((await from("10.0.0.1")).statusCode).toBe(201);
    const late = await from("10.0.0.1");
    expect([late.statusCode, late.headers["retry-after"]]).toEqual([429, "1"]);
    expect((await from("10.0.0.2")).statusCode).toBe(201);
  });
});
