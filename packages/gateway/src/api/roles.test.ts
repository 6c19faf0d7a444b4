import { describe, expect, it } from "vitest";
import { createApi } from "./server.ts";
import { endpoints } from "./endpoints.ts";
import { type Caller, type EndpointId, roleTable } from "./roles.ts";
import { signedIn } from "./testing/fake-people.ts";
import { fakes } from "./testing/fakes.ts";

const callers: readonly ("nobody" | Caller)[] = [
  "nobody",
  "agent",
  "person",
  "reviewer",
  "operator",
  "auditor",
];

/** A request that is valid in form, so that only the role decides. */
function validInput(id: string): {
  url: string;
  payload?: Record<string, unknown> | string;
  headers?: Record<string, string>;
} {
  const [, path = ""] = id.split(" ");
  const kind = path.includes("sessions") ? "bs" : path.includes("grants") ? "gr" : "req";
  const url = path.replace("{id}", `${kind}_0000000000000000`).replace("{digest}", "0".repeat(64));
  if (id === "POST /mcp") {
    const headers = { host: "mayfly.test:8443", accept: "application/json, text/event-stream" };
    return { url, headers, payload: { jsonrpc: "2.0", id: 1, method: "ping" } };
  }
  if (id.endsWith("back-channel-logout")) return { url, payload: "logout_token=jti-1+00u-nobody" };
  if (id.endsWith("/acs")) return { url, payload: "SAMLResponse=x" };
  if (id.startsWith("POST /slack/")) return { url, payload: "payload=%7B%7D" };
  if (id === "POST /v1/requests") {
    return { url, payload: { connection: "orders-db", operations: ["read-orders"], reason: "TICKET-1" } };
  }
  if (id.endsWith("/review")) return { url, payload: { note: "seen" } };
  if (/approve|refuse/.test(id)) return { url, payload: { digest: `sha256:${"0".repeat(64)}` } };
  if (id === "GET /v1/agents")
    return { url: `${url}?issuer=https%3A%2F%2Fissuer.test&subject=bot&client=bot` };
  if (id === "POST /v1/grants/revoke") {
    const requester = { kind: "agent", issuer: "https://issuer.test", subject: "bot", client: "bot" };
    return { url, payload: { requester, reason: "incident" } };
  }
  if (id === "POST /v1/audit/logs/retire") return { url, payload: { log: "second", reason: "gone" } };
  if (id === "POST /v1/probes") return { url, payload: {} };
  if (id === "POST /v1/probes/start") return { url, payload: { token: "x" } };
  if (id === "POST /v1/probes/report")
    return { url, payload: { nonce: "x", host: "support-1", ways: [], credentials: [] } };
  if (/revoke|PUT/.test(id)) return { url, payload: { reason: "incident" } };
  return { url };
}

describe("the role table", () => {
  it("has a row for every endpoint, and an endpoint for every row", () => {
    expect(endpoints.map(({ id }) => id).toSorted()).toEqual(Object.keys(roleTable).toSorted());
  });

  it("covers every route that the server has", async () => {
    const app = createApi(fakes().services);
    await app.ready();
    const printed = app.printRoutes({ commonPrefix: false });
    const routes = printed.match(/\((GET|POST|PUT|DELETE|PATCH|HEAD|OPTIONS)[^)]*\)/g) ?? [];
    expect(routes.flatMap((methods) => methods.split(",")).length).toBe(Object.keys(roleTable).length);
    await app.close();
  });

  for (const id of Object.keys(roleTable) as EndpointId[]) {
    for (const caller of callers) {
      const row: readonly string[] | "open" = roleTable[id];
      const open = row === "open";
      const asRole = caller === "nobody" || caller === "agent" ? [caller] : ["person", caller];
      const allowed = open || asRole.some((role) => row.includes(role));
      it(`${id} ${allowed ? "admits" : "refuses"} ${caller}`, async () => {
        const { services } = fakes({ ca: "-----BEGIN CERTIFICATE-----" });
        const app = createApi(services);
        const { url, payload, headers } = validInput(id);
        const [method = ""] = id.split(" ");
        const answer = await app.inject({
          method: method as "GET",
          url,
          remoteAddress: "10.1.2.3",
          headers: {
            ...headers,
            ...(caller === "nobody" ? {} : { authorization: `Bearer token-${caller}` }),
            ...(typeof payload === "string" ? { "content-type": "application/x-www-form-urlencoded" } : {}),
          },
          ...(payload === undefined ? {} : { payload }),
          // An answer may be a stream that does not end by itself.
          payloadAsStream: true,
        });
        const code = String(answer.headers["content-type"]).startsWith("application/problem+json")
          ? (JSON.parse(Buffer.concat(await answer.stream().toArray()).toString()) as { code: string }).code
          : "none";
        answer.stream().destroy();
        // Past the roles: done, or there is nothing of that id.
        const admitted = code === "none" || code === "not_found";
        const missing = id.endsWith("/v1/session") ? "not_signed_in" : "token_missing";
        const refusal = caller === "nobody" ? `401 ${missing}` : "403 role_required";
        expect(admitted ? "admitted" : `${answer.statusCode} ${code}`).toBe(allowed ? "admitted" : refusal);
        await app.close();
      });
    }
  }

  // Those that no cookie lets in have a test of their own: mcp.test.ts.
  const bearerOnly = new Set(endpoints.filter((each) => each.bearerOnly !== undefined).map(({ id }) => id));
  const walked = (Object.keys(roleTable) as EndpointId[]).filter(
    (id) => roleTable[id] !== "open" && !bearerOnly.has(id),
  );
  for (const id of walked) {
    for (const caller of ["person", "reviewer", "operator", "auditor"] as const) {
      const row: readonly string[] | "open" = roleTable[id];
      const allowed = row.includes("person") || row.includes(caller);
      it(`${id} ${allowed ? "admits" : "refuses"} ${caller} in a browser`, async () => {
        const { services, people } = fakes();
        const app = createApi(services);
        const headers = await signedIn(people, `${caller}@example.test`, [`${caller}s`]);
        const { url, payload } = validInput(id);
        const [method = ""] = id.split(" ");
        const answer = await app.inject({
          method: method as "GET",
          url,
          remoteAddress: "10.1.2.3",
          headers: { ...headers },
          ...(payload === undefined ? {} : { payload }),
          payloadAsStream: true,
        });
        const code = String(answer.headers["content-type"]).startsWith("application/problem+json")
          ? (JSON.parse(Buffer.concat(await answer.stream().toArray()).toString()) as { code: string }).code
          : "none";
        answer.stream().destroy();
        expect(code === "none" || code === "not_found" ? "admitted" : code).toBe(
          allowed ? "admitted" : "role_required",
        );
        await app.close();
        people.people.close();
      });
    }
  }

  it("keeps an agent out of every role even when its principal claims one", async () => {
    const { services } = fakes();
    const app = createApi({
      ...services,
      identity: {
        ...services.identity,
        verify: async (token, options) => {
          const found = await services.identity.verify(token, options);
          return { ...found, principal: { ...found.principal, roles: ["operator"] } };
        },
      },
    });
    const answer = await app.inject({
      method: "PUT",
      url: "/v1/lockdown",
      headers: { authorization: "Bearer token-agent" },
      payload: { reason: "mine now" },
    });
    expect(answer.statusCode).toBe(403);
    await app.close();
  });
});
