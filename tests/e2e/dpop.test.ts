// tier: full
import { spawn } from "node:child_process";
import { createPrivateKey } from "node:crypto";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request as httpsRequest } from "node:https";
import { tmpdir } from "node:os";
import path from "node:path";
import { newSigningKey } from "@mayfly/okta-stand-in";
import { createMayfly, serviceTokens } from "@mayfly/sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type ProofKey,
  proofKey,
  proofText,
  type ProofText,
  signProof,
} from "../../packages/gateway/src/identity/dpop/testing/proofs.ts";
import { askToken } from "../../packages/okta-stand-in/src/testing/client.ts";
import { call } from "@mayfly/testing/api.ts";
import { billingAuth, startBilling, withBilling, type Billing } from "@mayfly/testing/billing.ts";
import { type EmptyCluster, startEmptyCluster, withCluster } from "@mayfly/testing/cluster.ts";
import { acceptCrm, crmEnvironment, withCrm } from "@mayfly/testing/crm.ts";
import { root } from "@mayfly/testing/gateway.ts";
import { agentId } from "@mayfly/testing/people.ts";
import { psql, startWorld, verifyLog, type Ran, type World } from "@mayfly/testing/world.ts";

// An agent whose app is as Okta makes new ones: its tokens are bound to a key (DPoP), at every door of the real daemon.

let world: World;
let billing: Billing;
let cluster: EmptyCluster;
let folder: string;
let clientKey: Awaited<ReturnType<typeof newSigningKey>>;
const key = proofKey();
const other = proofKey();
let token: string;
let otherToken: string;

/** An operation of the cluster that a person has to approve. */
const look = `      look-at-pods:
        description: See the shop's pods
        resources: [pods]
        verbs: [get, list]
        namespaces: [shop]
`;
const lookWithApproval = `  - name: a look at the pods needs a person
    groups: [support-agents]
    connection: shop-cluster
    operations: [look-at-pods]
    ttl: 5m
    approval: { by: [support-leads], within: 30m }
`;

/** A token bound to a key, as the agent's app gets it. */
async function tokenOf(bound: ProofKey): Promise<string> {
  const url = world.okta.tokenEndpoint;
  const { claims, header } = proofText(bound, { method: "POST", url, token: "" }, Date.now());
  const { ath: _, ...rest } = claims;
  const answer = await askToken(
    url,
    { clientId: agentId, key: clientKey },
    { grant_type: "client_credentials", scope: "mayfly" },
    { dpop: signProof({ header, claims: rest }, bound) },
  );
  expect(answer.body["token_type"]).toBe("DPoP");
  return answer.body.access_token;
}

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "mayfly-dpop-"));
  copyFileSync(path.join(root, "examples/schemas/refund.json"), path.join(folder, "refund.json"));
  clientKey = await newSigningKey("RS256");
  const { kty, n, e, kid } = clientKey;
  const pem = createPrivateKey({ key: clientKey, format: "jwk" }).export({
    type: "pkcs8",
    format: "pem",
  });
  writeFileSync(path.join(folder, "agent.pem"), pem);
  [billing, cluster] = await Promise.all([startBilling(), startEmptyCluster()]);
  const configured = { current: "" };
  configured.current = await withCluster("connections:\n@policies:\n", cluster, folder);
  const [connections = "", policies = ""] = configured.current.split("@");
  world = await startWorld({
    store: "sqlite",
    configure: (text) =>
      withCrm(withBilling(text, billing.url, folder))
        .replace("connections:\n", connections.replace("      debug-shop:\n", `${look}      debug-shop:\n`))
        .replace("policies:\n", policies + lookWithApproval),
    environment: { BILLING_AUTH: billingAuth, CLUSTER_TOKEN: cluster.token, ...crmEnvironment },
    agent: { agentKeys: [{ kty, n, e, kid } as never], agentDpop: true },
  });
  await acceptCrm(world.file, world.environment);
  await world.gateway.stop();
  await world.restart();
  [token, otherToken] = await Promise.all([tokenOf(key), tokenOf(other)]);
  const agent = sdk();
  for (const [connection, operation] of [
    ["orders-db", "read-orders"],
    ["billing-api", "read-invoice"],
    ["shop-cluster", "debug-shop"],
    ["crm", "look-up-customer"],
  ] as const)
    await agent.request({ connection, operations: [operation], reason: "TICKET-1", ttl: "15m" });
}, 180_000);
afterAll(async () => {
  await world?.stop();
  await billing?.stop();
  await cluster?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The SDK with this test's own token and key. */
function sdk() {
  return createMayfly({
    url: world.gateway.url,
    ca: readFileSync(world.gateway.caFile, "utf8"),
    token,
    dpop: {
      privateKey: key.privateKey.toCryptoKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]),
      publicJwk: { ...key.jwk },
    },
  });
}

/** One way into the gateway. */
interface Door {
  readonly method: string;
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly good: number;
}

const json = { "content-type": "application/json", accept: "application/json, text/event-stream" };
const rpc = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list", params: {} });
const websocket = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  "sec-websocket-protocol": "v5.channel.k8s.io",
};
const pods = "/kubernetes/shop-cluster/api/v1/namespaces/shop/pods";
const doors: Readonly<Record<string, Door>> = {
  API: { method: "GET", target: "/v1/grants?state=active", good: 200 },
  "event stream": { method: "GET", target: "/v1/events", good: 200 },
  HTTP: { method: "GET", target: "/http/billing-api/v1/invoices/7?expand=lines", good: 200 },
  Kubernetes: { method: "GET", target: `${pods}?limit=5`, good: 200 },
  "Kubernetes upgrade": {
    method: "GET",
    target: `${pods}/web-1/exec?command=ls&command=%2Ftmp&stdout=true&stderr=true&container=app`,
    headers: websocket,
    good: 101,
  },
  MCP: { method: "POST", target: "/mcp", headers: json, body: rpc, good: 200 },
  "MCP of a connection": { method: "POST", target: "/mcp/crm", headers: json, body: rpc, good: 200 },
};

interface Answered {
  readonly status: number;
  readonly challenge: string;
  readonly nonce: string | undefined;
  readonly body: string;
}

/** Sends one request with these headers of its own, and reads the first of its answer. */
function send(door: Door, own: readonly (readonly [string, string])[]): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const url = new URL(door.target, world.gateway.url);
    const names = [
      ["host", url.host],
      ...Object.entries(door.headers ?? {}),
      ...(door.body === undefined ? [] : [["content-length", String(Buffer.byteLength(door.body))]]),
      ...own,
    ];
    const outgoing = httpsRequest({
      host: url.hostname,
      port: url.port,
      method: door.method,
      path: door.target,
      ca: readFileSync(world.gateway.caFile),
      agent: false,
      headers: names.flat() as never,
    });
    outgoing.once("upgrade", (_, socket) => {
      socket.destroy();
      resolve({ status: 101, challenge: "", nonce: undefined, body: "" });
    });
    outgoing.once("response", (incoming) => {
      const answer = (body: string): void =>
        resolve({
          status: incoming.statusCode ?? 0,
          challenge: incoming.headers["www-authenticate"] ?? "",
          nonce: incoming.headersDistinct["dpop-nonce"]?.[0],
          body,
        });
      let all = "";
      incoming.setEncoding("utf8").on("data", (part: string) => (all += part));
      incoming.once("end", () => answer(all));
      // A stream has no end.
      if (incoming.headers["content-type"]?.startsWith("text/event-stream") === true) {
        answer(all);
        incoming.destroy();
      }
    });
    outgoing.once("error", reject);
    outgoing.end(door.body);
  });
}

/** The newest nonce that the gateway has asked for: a while after its start it asks for none. */
let nonce: string | undefined;

/** Sends a request with a proof, and again with the nonce where one is asked for. */
async function prove(
  door: Door,
  change: (text: ProofText) => void = () => undefined,
  more: { readonly by?: ProofKey; readonly with?: string; readonly twice?: boolean } = {},
): Promise<Answered & { readonly proof: string }> {
  const by = more.by ?? key;
  const [bare = ""] = door.target.split("?");
  for (let tries = 0; ; tries += 1) {
    const text = proofText(
      by,
      {
        method: door.method,
        url: `${world.gateway.url}${bare}`,
        token,
        ...(nonce === undefined ? {} : { nonce }),
      },
      Date.now(),
    );
    change(text);
    const proof = signProof(text, by);
    const answer = await send(door, [
      ["authorization", `DPoP ${more.with ?? token}`],
      ["dpop", proof],
      ...(more.twice === true ? [["dpop", proof] as const] : []),
    ]);
    if (!answer.challenge.includes("use_dpop_nonce") || tries > 0) return { ...answer, proof };
    expect(answer.status).toBe(401);
    nonce = answer.nonce;
  }
}

describe.each(Object.entries(doors))("%s", (_, door) => {
  test("takes a proof once, and each that is wrong in one thing not at all", async () => {
    const taken = await prove(door);
    expect([taken.status, taken.body]).toEqual([door.good, expect.anything()]);
    const replayed = await send(door, [
      ["authorization", `DPoP ${token}`],
      ["dpop", taken.proof],
    ]);
    expect(replayed.status).toBe(401);
    expect(replayed.challenge).toMatch(/^DPoP .*algs="ES256 .*error="invalid_dpop_proof"/);
    const wrong: Readonly<Record<string, Promise<Answered>>> = {
      "another key": prove(door, undefined, { by: other }),
      "another key's token": prove(door, undefined, { with: otherToken }),
      "another method": prove(door, ({ claims }) => (claims["htm"] = "DELETE")),
      "another path": prove(door, ({ claims }) => (claims["htu"] += "/x")),
      "another host": prove(
        door,
        ({ claims }) =>
          (claims["htu"] = `https://other.test${new URL(door.target, world.gateway.url).pathname}`),
      ),
      "another token": prove(door, ({ claims }) => (claims["ath"] = "A".repeat(43))),
      "an old proof": prove(door, ({ claims }) => (claims["iat"] = Number(claims["iat"]) - 120)),
      "two DPoP headers": prove(door, undefined, { twice: true }),
    };
    for (const [what, answer] of Object.entries(wrong)) {
      const { status, challenge } = await answer;
      expect([what, status, challenge]).toEqual([
        what,
        401,
        expect.stringMatching(/^DPoP .*error="invalid_dpop_proof"/),
      ]);
    }
    const bare = await send(door, [["authorization", `DPoP ${token}`]]);
    expect([bare.status, bare.challenge]).toEqual([401, expect.stringContaining("invalid_dpop_proof")]);
    const bearer = await send(door, [["authorization", `Bearer ${token}`]]);
    expect([bearer.status, bearer.challenge]).toEqual([
      401,
      expect.stringMatching(/^DPoP .*error="invalid_token"/),
    ]);
    expect(bearer.body).toContain("mayfly run");
    const unbound = await world.agentToken();
    const asBound = await send(door, [
      ["authorization", `DPoP ${unbound}`],
      ["dpop", taken.proof],
    ]);
    expect([asBound.status, asBound.challenge]).toEqual([401, expect.stringContaining("invalid_token")]);
    const asBearer = await send(door, [["authorization", `Bearer ${unbound}`]]);
    expect(asBearer.status).toBe(door.good);
  });
});

test("no proof goes upstream", () => {
  expect(billing.seen.length).toBeGreaterThan(0);
  expect(cluster.seen.length).toBeGreaterThan(0);
  const upstream = [...billing.seen.map(({ headers }) => headers), ...cluster.seen];
  for (const headers of upstream) expect(headers["dpop"]).toBe(undefined);
});

test("the tools of MCP enter the other doors for a request whose proof was used", async () => {
  const use = async (
    name: string,
    args: object,
  ): Promise<{ isError?: boolean; content: { text: string }[] }> => {
    const body = JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name, arguments: args },
    });
    const answer = await prove({ method: "POST", target: "/mcp", headers: json, body, good: 200 });
    return (JSON.parse(answer.body) as { result: never }).result;
  };
  const rows = await use("run_sql", { connection: "orders-db", sql: "select count(*) from orders" });
  expect([rows.isError, rows.content[0]?.text]).toEqual([undefined, expect.stringContaining("rows")]);
  const invoice = await use("http_request", { connection: "billing-api", path: "/v1/invoices/7" });
  expect(invoice.content[0]?.text).toContain("1250");
  const asked = await use("request_access", {
    connection: "orders-db",
    operations: ["read-orders"],
    reason: "TICKET-2",
  });
  expect(asked.content[0]?.text).toContain("approved");
});

test("PostgreSQL, which has no proofs, refuses a bound token and says what to use", async () => {
  const [grant] = (await sdk().grants({ state: "active" })).filter(
    ({ connection }) => connection === "orders-db",
  );
  const refused = await psql(
    world,
    {
      PGHOST: "localhost",
      PGPORT: String(world.gateway.postgresPort),
      PGUSER: `${grant?.id}.token`,
      PGDATABASE: "orders-db",
      PGPASSWORD: token,
      PGSSLMODE: "verify-full",
    },
    ["-c", "select 1"],
  );
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toContain("bound to a key (DPoP), which cannot be proved here");
  expect(refused.stderr).toContain("mayfly run");
});

test("the SDK gets bound tokens by itself, follows events with one, and asks", async () => {
  const tokens = serviceTokens({
    issuer: world.okta.issuer,
    clientId: agentId,
    key: readFileSync(path.join(folder, "agent.pem"), "utf8"),
    keyId: String(clientKey.kid),
  });
  const mayfly = createMayfly({
    url: world.gateway.url,
    ca: readFileSync(world.gateway.caFile, "utf8"),
    token: tokens,
  });
  const until = new AbortController();
  const seen: string[] = [];
  const following = mayfly.events(
    ({ type }) => {
      seen.push(type);
      if (type === "grant.activated") until.abort();
    },
    {
      signal: until.signal,
      onState: () => {
        if (seen.length > 0) return;
        seen.push("open");
        void mayfly.request({ connection: "orders-db", operations: ["read-orders"], reason: "TICKET-3" });
      },
    },
  );
  await following;
  expect(seen).toContain("grant.activated");
});

describe("the mayfly CLI", () => {
  const environment = (): NodeJS.ProcessEnv => ({
    PATH: process.env["PATH"],
    HOME: folder,
    XDG_STATE_HOME: folder,
    MAYFLY_CA: world.gateway.caFile,
  });

  function mayfly(...args: string[]): Promise<Ran> {
    return new Promise((resolve, reject) => {
      const bin = path.join(root, "packages/cli/bin/mayfly.js");
      const child = spawn(process.execPath, [bin, ...args], { env: environment() });
      let [stdout, stderr] = ["", ""];
      child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
      child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
      child.once("error", reject);
      child.once("close", (code) => resolve({ code: code ?? -1, stdout, stderr }));
      child.stdin.end();
    });
  }

  test("works with an app as Okta makes it: first token, request, psql, curl, kubectl", async () => {
    const login = await mayfly(
      "login",
      "--url",
      world.gateway.url,
      "--client-id",
      agentId,
      "--key",
      path.join(folder, "agent.pem"),
      "--key-id",
      String(clientKey.kid),
    );
    expect([login.code, login.stderr]).toEqual([0, expect.any(String)]);
    const kept = statSync(path.join(folder, "mayfly/default.dpop.jwk"));
    expect(kept.mode & 0o777).toBe(0o600);

    // Another process, with the key that lies beside the token.
    const listed = await mayfly("operations", "--json");
    expect([listed.code, listed.stderr]).toEqual([0, ""]);
    const asked = await mayfly("request", "orders-db/read-orders", "--reason", "TICKET-4", "--json");
    expect(asked.code).toBe(0);
    expect(JSON.parse(asked.stdout)).toMatchObject({ state: "approved" });

    const run = (operation: string, ...command: string[]): Promise<Ran> =>
      mayfly("run", operation, "--reason", "TICKET-5", "--", ...command);
    const rows = await run("orders-db/read-orders", "psql", "-XAtc", "select count(*) from orders");
    expect([rows.code, rows.stdout.trim()]).toEqual([0, expect.stringMatching(/^\d+$/)]);
    const curl = `curl -sS --fail-with-body --cacert ${world.gateway.caFile} -H "Authorization: Bearer $MAYFLY_BEARER" $MAYFLY_HTTP_URL/v1/invoices/7`;
    const invoice = await run("billing-api/read-invoice", "sh", "-c", curl);
    expect([invoice.code, invoice.stdout, invoice.stderr]).toEqual([
      0,
      expect.stringContaining("1250"),
      expect.any(String),
    ]);
    const listing = await run(
      "shop-cluster/debug-shop",
      "kubectl",
      "get",
      "pods",
      "-n",
      "shop",
      "-o",
      "name",
    );
    expect([listing.code, listing.stdout]).toEqual([0, expect.stringContaining("pod/web-1")]);

    // kubectl has no proofs: a kubeconfig holds the grant's secret, which is shown once.
    for (const grant of await sdk().grants({ state: "active" }))
      if (grant.connection === "shop-cluster") await sdk().release(grant.id);
    const pending = await mayfly("request", "shop-cluster/look-at-pods", "--reason", "TICKET-6", "--json");
    expect(pending.code).toBe(4);
    const { id, digest } = JSON.parse(pending.stdout) as { id: string; digest: string };
    const rosa = await world.personToken("rosa@example.com");
    const approved = await call(world.gateway, rosa, "POST", `/v1/requests/${id}/approve`, { digest });
    expect(approved.status).toBe(200);
    const kubeconfig = await mayfly("kubeconfig", "shop-cluster");
    expect([kubeconfig.code, kubeconfig.stderr]).toEqual([0, ""]);
    expect(kubeconfig.stdout).toMatch(/token: "gr_[0-9a-z]{16}\.[0-9a-z]{32}"/);
    const again = await mayfly("kubeconfig", "shop-cluster");
    expect([again.code === 0, again.stdout]).toEqual([false, ""]);
    expect(again.stderr).toContain("mayfly run");
    const credential = await mayfly("credential");
    expect(credential.code).not.toBe(0);
    expect(credential.stdout).toBe("");
    expect(credential.stderr).toContain("mayfly run");
  });
});

test("every refusal is in the log, none of what was shown, and the log verifies", async () => {
  const verified = verifyLog(world);
  expect([verified.code, verified.stderr]).toEqual([0, expect.any(String)]);
  const lines = JSON.stringify(world.gateway.lines);
  expect(lines).toContain("proof_invalid");
  for (const secret of [token, otherToken]) expect(lines).not.toContain(secret.split(".")[2]);
});
