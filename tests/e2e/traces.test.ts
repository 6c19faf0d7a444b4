// tier: full
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  httpReceiver,
  type Answer,
  type HttpReceiver,
} from "../../packages/gateway/src/export/testing/http-receiver.ts";
import { readAsTraces } from "../../packages/gateway/src/export/testing/otlp-schema.ts";
import { call } from "@mayfly/testing/api.ts";
import { billingAuth, startBilling, withBilling, type Billing } from "@mayfly/testing/billing.ts";
import { root } from "@mayfly/testing/gateway.ts";
import { psql, startWorld, type World } from "@mayfly/testing/world.ts";

// A collector gets one trace of each request, from the ask to the last act; upstream servers are told the act's span; and a
// collector, or a gateway, that dies on the way loses nothing.

let world: World;
let billing: Billing;
let collector: HttpReceiver;
let folder: string;
let isAway = false;

const answer: Answer = (_, response) => {
  if (isAway) response.socket?.destroy();
  else response.writeHead(200, { "content-type": "application/json" }).end("{}");
};

beforeAll(async () => {
  billing = await startBilling();
  collector = await httpReceiver(answer);
  folder = mkdtempSync(path.join(tmpdir(), "mayfly-traces-"));
  copyFileSync(path.join(root, "examples/schemas/refund.json"), path.join(folder, "refund.json"));
  world = await startWorld({
    store: "sqlite",
    environment: { BILLING_AUTH: billingAuth },
    configure: (text) => `${withBilling(text, billing.url, folder)}
export:
  destinations:
    - name: jaeger
      otlp: { url: "${collector.url}/v1/traces", signal: traces, allow_insecure_loopback: true }
`,
  });
});
afterAll(async () => {
  await world.stop();
  await collector.close();
  await billing.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status?: { readonly code: number };
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly attributes: readonly { readonly key: string; readonly value: object }[];
}

/** The spans that the collector has taken, one for each id; what was sent twice has to be the same. */
function spans(): readonly Span[] {
  const all = new Map<string, Span>();
  for (const { body } of collector.posts) {
    const sent = JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] };
    expect(readAsTraces(sent)).toEqual(sent);
    for (const span of sent.resourceSpans.flatMap(({ scopeSpans }) =>
      scopeSpans.flatMap((one) => one.spans),
    )) {
      const before = all.get(span.spanId);
      if (before !== undefined && !isDeepStrictEqual(span, before))
        throw new Error(`${span.name} came twice, and differs`);
      all.set(span.spanId, span);
    }
  }
  return [...all.values()];
}
const ofTrace = (traceId: string): readonly Span[] => spans().filter((span) => span.traceId === traceId);
const attribute = ({ attributes }: Span, name: string): unknown => {
  const found = attributes.find(({ key }) => key === name);
  return found === undefined ? undefined : Object.values(found.value)[0];
};
const named = (all: readonly Span[], name: string): Span => {
  const [one, ...others] = all.filter((span) => span.name === name);
  if (one === undefined || others.length > 0) throw new Error(`${name} is not there once`);
  return one;
};

/** Waits until every act stands in a session that was told: one may end behind its grant, and so behind the trace's top. */
const wholeAre = (all: () => readonly Span[], acts: number): Promise<void> =>
  expect
    .poll(() => {
      const sessions = new Set(
        all().flatMap(({ name, spanId }) => (name.startsWith("session ") ? [spanId] : [])),
      );
      return all().filter(({ parentSpanId = "" }) => sessions.has(parentSpanId)).length;
    })
    .toBe(acts);

interface Given {
  readonly request: string;
  readonly grant: string;
  readonly secret: string;
  readonly env: Readonly<Record<string, string>>;
}

async function ask(
  connection: string,
  operation: string,
  headers: Record<string, string> = {},
): Promise<Given> {
  const body = { connection, operations: [operation], reason: "TICKET-9 what was billed" };
  const token = await world.agentToken();
  const asked = await call(world.gateway, token, "POST", "/v1/requests", body, headers);
  const { id, digest, state } = asked.body as { id: string; digest: string; state: string };
  if (state === "pending") {
    const reviewer = await world.personToken("rosa@example.com");
    await call(world.gateway, reviewer, "POST", `/v1/requests/${id}/approve`, { digest, comment: "" });
    const now = await call(world.gateway, token, "GET", `/v1/requests/${id}`);
    const { grant_id: grant } = now.body as { grant_id: string };
    const collected = await call(world.gateway, token, "POST", `/v1/grants/${grant}/secret`);
    const { access } = collected.body as { access: { secret: string; env: Record<string, string> } };
    return { request: id, grant, ...access };
  }
  const { grant } = asked.body as {
    grant: { id: string; access: { secret: string; env: Record<string, string> } };
  };
  return { request: id, grant: grant.id, ...grant.access };
}
/** How many acts of a grant have ended by what the log has. */
async function ends({ grant }: Given): Promise<number> {
  const auditor = await world.personToken("ada@example.com");
  const found = await call(
    world.gateway,
    auditor,
    "GET",
    `/v1/audit/records?grant=${grant}&type=act.outcome`,
  );
  return (found.body as { records: unknown[] }).records.length;
}
const release = async ({ grant }: Given): Promise<unknown> =>
  call(world.gateway, await world.agentToken(), "DELETE", `/v1/grants/${grant}`);
const get = ({ secret }: Given, what: string, headers: Record<string, string> = {}) =>
  call(world.gateway, secret, "GET", `/http/billing-api${what}`, undefined, headers);

const agent = { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7" };
const traceparent = `00-${agent.traceId}-${agent.spanId}-01`;

test("one trace goes from the agent's span through ask, decision, grant, session and acts to the upstream server", async () => {
  const given = await ask("billing-api", "read-invoice", { traceparent });
  const inside = `00-${agent.traceId}-${"c".repeat(16)}-01`;
  const outside = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
  await get(given, "/v1/invoices/7");
  await get(given, "/v1/invoices/8", { traceparent: inside, tracestate: "vendor=1" });
  await get(given, "/v1/invoices/9", { traceparent: outside, tracestate: "vendor=1" });
  await get(given, "/v1/secrets", { traceparent: "nonsense" });
  const seen = billing.seen.slice(-3);
  await release(given);

  await expect.poll(() => ofTrace(agent.traceId).map(({ name }) => name)).toContain("access request");
  await wholeAre(() => ofTrace(agent.traceId), 4);
  const all = ofTrace(agent.traceId);
  const ask_ = named(all, "access request");
  expect(ask_.parentSpanId).toBe(agent.spanId);
  expect(attribute(ask_, "mayfly.request")).toBe(given.request);
  expect(named(all, "policy decision").parentSpanId).toBe(ask_.spanId);
  const grant = named(all, "grant");
  expect(grant.parentSpanId).toBe(ask_.spanId);
  const sessions = all.filter(({ name }) => name === "session billing-api");
  expect(sessions.map(({ parentSpanId }) => parentSpanId)).toEqual(sessions.map(() => grant.spanId));

  const acts = all.filter(({ name }) => name === "GET billing-api");
  const permitted = acts.filter((span) => attribute(span, "http.response.status_code") === "200");
  expect(permitted.length).toBe(3);
  const sessionIds = sessions.map(({ spanId }) => spanId);
  // Whatever the agent says of an act's place is a link.
  for (const { parentSpanId } of acts) expect(sessionIds).toContain(parentSpanId);
  expect(permitted.map(({ links }) => links)).toMatchObject([
    undefined,
    [{ traceId: agent.traceId, spanId: "c".repeat(16) }],
    [{ traceId: "a".repeat(32), spanId: "b".repeat(16) }],
  ]);
  const denied = acts.filter((span) => attribute(span, "mayfly.decision") === "deny");
  expect(denied).toMatchObject([{ status: { code: 2 } }]);
  // Everything is told, and everything stands below the agent's span.
  expect(all.length).toBe(3 + sessions.length + acts.length);
  for (const span of all) {
    expect(BigInt(span.endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(span.startTimeUnixNano));
    expect(BigInt(span.startTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(ask_.startTimeUnixNano));
  }

  // The server is told the act's own span; a tracestate goes on with the trace that it belongs to.
  expect(seen.map(({ headers }) => headers["traceparent"])).toEqual(
    permitted.map(({ spanId }) => `00-${agent.traceId}-${spanId}-01`),
  );
  expect(seen.map(({ headers }) => headers["tracestate"])).toEqual([undefined, "vendor=1", undefined]);
  // Neither what was sent nor what came back.
  expect(JSON.stringify(all)).not.toMatch(/v1\/|ada@example|TICKET|only-the-gateway/);
});

test("a malformed span is ignored, and a wait for people is a span of its own", async () => {
  const given = await ask("billing-api", "refund", {
    traceparent: `00-${"0".repeat(32)}-${agent.spanId}-01`,
  });
  await release(given);
  const mine = (): readonly Span[] =>
    spans().filter((span) => attribute(span, "mayfly.request") === given.request);
  await expect.poll(() => mine().map(({ name }) => name)).toContain("access request");
  const all = mine();
  expect(new Set(all.map(({ traceId }) => traceId)).size).toBe(1);
  const top = named(all, "access request");
  expect(top).not.toHaveProperty("parentSpanId");
  expect(top.traceId).not.toMatch(/^0+$/);
  for (const name of ["policy decision", "approval", "grant"])
    expect(named(all, name).parentSpanId).toBe(top.spanId);
});

test("a collector that is away and a gateway that is killed lose no span, and send none that differs", async () => {
  const given = await ask("orders-db", "read-orders");
  const count = async (): Promise<unknown> => psql(world, given.env, ["-c", "select count(*) from orders"]);
  await count();
  isAway = true;
  await count();
  // A client has its answer before the act's end is recorded: what is killed in between has an act without an end.
  await expect.poll(() => ends(given)).toBe(2);
  await world.gateway.stop("SIGKILL");
  await world.restart();
  await count();
  isAway = false;
  await release(given);
  const mine = (): readonly Span[] =>
    spans().filter((span) => attribute(span, "mayfly.request") === given.request);
  await expect.poll(() => mine().map(({ name }) => name), { timeout: 30_000 }).toContain("access request");
  await wholeAre(mine, 3);
  const all = mine();
  const acts = all.filter(({ name }) => name === "SELECT orders-db");
  const sessions = all.filter(({ name }) => name === "session orders-db");
  expect(acts.length).toBe(3);
  expect(sessions.length).toBe(3);
  expect(new Set(acts.map(({ parentSpanId }) => parentSpanId))).toEqual(
    new Set(sessions.map(({ spanId }) => spanId)),
  );
  expect(acts.map((span) => attribute(span, "db.response.returned_rows"))).toEqual(["1", "1", "1"]);
  expect(new Set(all.map(({ traceId }) => traceId)).size).toBe(1);
});

test("without traces the agent's own headers pass as they came", async () => {
  await world.edit((text) => text.replace("signal: traces", "signal: logs"));
  world.gateway.signal("SIGHUP");
  await world.gateway.line("configuration adopted");
  const given = await ask("billing-api", "read-invoice", { traceparent });
  await get(given, "/v1/invoices/7");
  expect(billing.seen.at(-1)?.headers).not.toHaveProperty("traceparent");
  await get(given, "/v1/invoices/7", { traceparent, tracestate: "vendor=1" });
  expect(billing.seen.at(-1)?.headers).toMatchObject({ traceparent, tracestate: "vendor=1" });
});
