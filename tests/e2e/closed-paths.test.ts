// tier: full
import { createHash, createPublicKey, verify, type JsonWebKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { createMayfly, type ProbeTask } from "@mayfly/sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type ProofKey,
  proofKey,
  proofText,
  signProof,
} from "../../packages/gateway/src/identity/dpop/testing/proofs.ts";
import { askToken } from "../../packages/okta-stand-in/src/testing/client.ts";
import { newSigningKey } from "@mayfly/okta-stand-in";
import { call } from "@mayfly/testing/api.ts";
import { agentId } from "@mayfly/testing/people.ts";
import { closedReport } from "@mayfly/testing/probed.ts";
import { psql, startWorld, type World } from "@mayfly/testing/world.ts";

// A policy that demands closed paths, at the real daemon, for an agent whose tokens are bound to a key (DPoP). The database is
// on this machine, so what is reported here was not tried: what stands in a report is its host's to say.

let world: World;
let clientKey: Awaited<ReturnType<typeof newSigningKey>>;
const key = proofKey();
const other = proofKey();

/** A token of the agent's, bound to this key. */
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
  return answer.body.access_token;
}

interface Answered {
  readonly status: number;
  readonly body: unknown;
}

/** A call of the agent's at a host that holds this key; `claims` are added to its proof. */
async function raw(
  bound: ProofKey,
  path: string,
  body: unknown,
  more: { readonly headers?: Record<string, string>; readonly claims?: object } = {},
): Promise<Answered> {
  const token = await tokenOf(bound);
  const url = `${world.gateway.url}${path}`;
  const send = async (nonce?: string): ReturnType<typeof call> => {
    const request = { method: "POST", url, token, ...(nonce === undefined ? {} : { nonce }) };
    const { header, claims } = proofText(bound, request, Date.now());
    const dpop = signProof({ header, claims: { ...claims, ...more.claims } }, bound);
    const headers = { ...more.headers, authorization: `DPoP ${token}`, dpop };
    return call(world.gateway, undefined, "POST", path, body, headers);
  };
  const first = await send();
  return first.status === 401 ? send(String(first.headers["dpop-nonce"])) : first;
}

/** The same agent's use of one of MCP's tools at a host that holds this key: what it says. */
async function use(bound: ProofKey, name: string, args: object): Promise<string> {
  const message = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: args } };
  const headers = { accept: "application/json, text/event-stream" };
  const { body } = await raw(bound, "/mcp", message, { headers });
  return (body as { result: { content: [{ text: string }] } }).result.content[0].text;
}

/** The agent at a host that holds this key. */
async function agentWith(bound: ProofKey): Promise<ReturnType<typeof createMayfly>> {
  return createMayfly({
    url: world.gateway.url,
    ca: readFileSync(world.gateway.caFile, "utf8"),
    token: await tokenOf(bound),
    dpop: {
      privateKey: bound.privateKey.toCryptoKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]),
      publicJwk: { ...bound.jwk },
    },
  });
}

type Agent = Awaited<ReturnType<typeof agentWith>>;

async function start(agent: Agent): Promise<ProbeTask> {
  const operator = await world.personToken("olga@example.com");
  const { body } = await call(world.gateway, operator, "POST", "/v1/probes", { connections: ["orders-db"] });
  return agent.probes.start((body as { token: string }).token);
}

const wanted = { connection: "orders-db", operations: ["read-orders"], reason: "TICKET-1" };
const ask = (agent: Agent): Promise<unknown> => agent.request(wanted);

/** Listens here, and goes on to PostgreSQL's port from another address of this machine's. */
function otherAddress(from: string): Promise<Server> {
  const server = createServer((client) => {
    const onward = connect({
      host: "127.0.0.1",
      port: world.gateway.postgresPort,
      localAddress: from,
    });
    client.pipe(onward).pipe(client);
    for (const [one, other] of [
      [client, onward],
      [onward, client],
    ] as const)
      one.on("error", () => other.destroy()).on("close", () => other.destroy());
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

/** The records of a type, newest first. */
async function records(type: string): Promise<readonly { readonly detail: Record<string, unknown> }[]> {
  const auditor = await world.personToken("olga@example.com");
  const { body } = await call(world.gateway, auditor, "GET", `/v1/audit/records?type=${type}`);
  return (body as { records: { detail: Record<string, unknown> }[] }).records;
}

beforeAll(async () => {
  clientKey = await newSigningKey("RS256");
  const { kty, n, e, kid } = clientKey;
  world = await startWorld({
    store: "sqlite",
    configure: (text) =>
      text.replace(/(operations: \[read-orders\]\n)/, "$1    requires: { closed_paths: 1h }\n"),
    agent: { agentKeys: [{ kty, n, e, kid } as never], agentDpop: true },
  });
}, 120_000);
afterAll(() => world?.stop());

describe("requires: { closed_paths }", () => {
  test("takes a report that the agent's key signed, for asks under that key alone", async () => {
    const agent = await agentWith(key);
    await expect(ask(agent)).rejects.toMatchObject({
      code: "denied",
      reasons: [expect.stringMatching(/no probe from here is known; .*run mayfly probe here/)],
    });
    const host = await agent.probes.report(closedReport(await start(agent)));
    expect(host).toMatchObject({
      key: key.thumbprint,
      connections: [{ connection: "orders-db", verdict: "closed" }],
    });
    expect(await ask(agent)).toMatchObject({ state: "approved", paths_closed_at: host.probed_at });
    // The same agent from the same address, as another host behind it would come.
    await expect(ask(await agentWith(other))).rejects.toMatchObject({
      reasons: [
        expect.stringContaining("no probe from here was signed with the key that this token is bound to"),
      ],
    });
  });

  test("records the signature, which an auditor can verify by itself", async () => {
    const [record] = await records("path.probed");
    const signed = record?.detail["signed"] as { key: string; body_sha256: string; proof: string };
    const [head = "", claims = "", signature = ""] = signed.proof.split(".");
    const read = (part: string): Record<string, unknown> =>
      JSON.parse(Buffer.from(part, "base64url").toString()) as Record<string, unknown>;
    const jwk = read(head)["jwk"] as JsonWebKey;
    const by = { key: createPublicKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" } as const;
    const text = Buffer.from(`${head}.${claims}`);
    expect(verify("sha256", text, by, Buffer.from(signature, "base64url"))).toBe(true);
    const { crv, kty, x, y } = jwk;
    const thumbprint = createHash("sha256").update(JSON.stringify({ crv, kty, x, y })).digest("base64url");
    expect(signed.key).toBe(thumbprint);
    expect(read(claims)).toMatchObject({ body_sha256: signed.body_sha256, htm: "POST" });
  });

  test("takes no report from whoever holds another key than the one it was told under", async () => {
    const task = await start(await agentWith(key));
    const stranger = await agentWith(other);
    await expect(stranger.probes.report(closedReport(task))).rejects.toMatchObject({
      code: "probe_report_refused",
    });
    const [refused] = await records("probe.refused");
    expect(refused?.detail).toMatchObject({ reason: "other_key" });
  });

  test("takes no report that the proof does not cover", async () => {
    const agent = await agentWith(key);
    const task = await start(agent);
    // Of another body.
    const claims = { body_sha256: createHash("sha256").update("{}").digest("base64url") };
    expect(await raw(key, "/v1/probes/report", closedReport(task), { claims })).toMatchObject({
      status: 403,
      body: { code: "probe_report_unsigned" },
    });
    expect((await agent.probes.report(closedReport(task))).verdict).toBe("closed");
  });
});

describe("a grant that one host has", () => {
  const once = { headers: { "idempotency-key": "ask-of-the-first" } };
  const select = { connection: "orders-db", sql: "select count(*) from orders" };
  let grant: string;
  let secret: string;

  beforeAll(async () => {
    const agent = await agentWith(key);
    await agent.probes.report(closedReport(await start(agent)));
    const asked = await raw(key, "/v1/requests", wanted, once);
    if (asked.status !== 201) throw new Error(JSON.stringify(asked.body));
    const { body } = asked as { body: { grant: { id: string; access: { secret: string } } } };
    ({ id: grant } = body.grant);
    ({ secret } = body.grant.access);
  });

  test("is not given to another key's by the same idempotency key, and to the first again", async () => {
    const replayed = await raw(other, "/v1/requests", wanted, once);
    expect(replayed).toMatchObject({ status: 409, body: { code: "idempotency_conflict" } });
    expect(JSON.stringify(replayed.body)).toContain("from another host");
    expect(JSON.stringify(replayed.body)).not.toContain(grant);
    const again = await raw(key, "/v1/requests", wanted, once);
    expect(again).toMatchObject({ status: 201, body: { grant: { id: grant } } });
  });

  test("has a secret that another key's cannot collect, and the first can", async () => {
    // request_access makes none: a secret stays out of a model's sight.
    const uncollected = /gr_[0-9a-z]{16}/.exec(await use(key, "request_access", wanted))?.[0] ?? "";
    expect(uncollected).not.toBe("");
    expect(uncollected).not.toBe(grant);
    const stolen = await raw(other, `/v1/grants/${uncollected}/secret`, undefined);
    expect(stolen).toMatchObject({ status: 403, body: { code: "forbidden" } });
    expect(JSON.stringify(stolen.body)).toContain("is for the host that asked for it");
    const collected = await raw(key, `/v1/grants/${uncollected}/secret`, undefined);
    expect(collected).toMatchObject({
      status: 200,
      body: { access: { secret: expect.stringMatching(/^[0-9a-z]{32}$/) as string } },
    });
  });

  test("is not used by another key's over MCP, named or not, and by the first is", async () => {
    expect(await use(other, "run_sql", select)).toMatch(/not_granted: you have no active grant on orders-db/);
    expect(await use(other, "run_sql", { ...select, grant })).toContain(
      `grant ${grant} is for the host that asked for it`,
    );
    expect(await use(other, "request_access", wanted)).toContain(
      "no probe from here was signed with the key that this token is bound to",
    );
    expect(await use(key, "run_sql", select)).toContain("rows");
    expect(await use(key, "run_sql", { ...select, grant })).toContain("rows");
  });

  test("has a secret that opens PostgreSQL from its address, and from another says for which host it is", async () => {
    const environment = {
      PGHOST: "localhost",
      PGUSER: grant,
      PGDATABASE: "orders-db",
      PGPASSWORD: secret,
      PGSSLMODE: "verify-full",
    };
    const count = ["-XAtc", "select count(*) from orders"];
    const [here, there] = await Promise.all([otherAddress("127.0.0.1"), otherAddress("127.0.0.2")]);
    try {
      const from = (server: Server): ReturnType<typeof psql> =>
        psql(world, { ...environment, PGPORT: String((server.address() as AddressInfo).port) }, count);
      const refused = await from(there);
      expect(refused.code).not.toBe(0);
      expect(refused.stderr).toContain(
        "this grant is for the host at 127.0.0.1, which asked for it, and this connection comes from 127.0.0.2",
      );
      expect(refused.stderr).toContain("ask again from here: mayfly request says what this host lacks");
      const rows = await from(here);
      expect([rows.code, rows.stdout.trim()]).toEqual([0, expect.stringMatching(/^\d+$/)]);
      const [record] = await records("session.refused");
      expect(record?.detail).toMatchObject({
        address: "127.0.0.2",
        reason: "the grant is for another host",
      });
    } finally {
      here.close();
      there.close();
    }
  });
});
