// tier: full
import { afterAll, beforeAll, expect, test } from "vitest";
import { call, getAccess } from "@mayfly/testing/api.ts";
import { freePort } from "@mayfly/testing/ports.ts";
import { psql, startWorld, type World } from "@mayfly/testing/world.ts";

// What Prometheus is told by a gateway as it runs, and who may ask.

const TOKEN = "a-token-for-prometheus-alone";
const metricsPort = await freePort();
let world: World;

beforeAll(async () => {
  world = await startWorld({
    store: "sqlite",
    environment: { SCRAPE_TOKEN: TOKEN },
    configure: (text) =>
      `${text.replace(/^listen: \{/m, `listen: { metrics: "127.0.0.1:${metricsPort}",`)}
telemetry: { metrics: { token: { env: SCRAPE_TOKEN } } }\n`,
  });
});
afterAll(() => world.stop());

const scrape = async (): Promise<string> =>
  String((await call(world.gateway, TOKEN, "GET", "/metrics")).body);

/** The value of one sample; undefined where there is none. */
function valueIn(text: string, sample: string): number | undefined {
  const line = text.split("\n").find((one) => one.startsWith(`${sample} `));
  return line === undefined ? undefined : Number(line.slice(sample.length + 1));
}
const value = async (sample: string): Promise<number | undefined> => valueIn(await scrape(), sample);

test("the token reads the metrics on both ports, and nothing else", async () => {
  expect(await scrape()).toContain("mayfly_build_info");
  expect((await call(world.gateway, TOKEN, "GET", "/v1/me")).status).toBe(401);
  expect((await call(world.gateway, `${TOKEN}0`, "GET", "/metrics")).status).toBe(401);
  const at = (path: string, token: string): Promise<Response> =>
    fetch(`http://127.0.0.1:${metricsPort}${path}`, { headers: { authorization: `Bearer ${token}` } });
  expect(await (await at("/metrics", TOKEN)).text()).toContain("mayfly_build_info");
  expect((await at("/metrics", `${TOKEN}0`)).status).toBe(401);
  expect((await at("/v1/me", TOKEN)).status).toBe(404);
  expect(world.gateway.lines.find(({ msg }) => msg === "ready")).toMatchObject({ metrics: metricsPort });
});

test("acts are counted with the time that they took, denied ones with that of their decision alone", async () => {
  const token = await world.agentToken();
  const access = await getAccess(world.gateway, token, "orders-db", ["read-orders"]);
  const before = await scrape();
  const ran = await psql(world, access.env, [
    "-At",
    "-c",
    "select 1",
    "-c",
    "drop table orders",
    "-c",
    "select 2",
  ]);
  expect(ran.stdout).toBe("1\n2\n");
  const since = async (sample: string): Promise<number> =>
    ((await value(sample)) ?? 0) - (valueIn(before, sample) ?? 0);
  // An outcome is recorded when the answer has gone out: psql may be faster.
  await expect.poll(() => since('mayfly_act_seconds_count{protocol="postgres"}')).toBe(2);
  expect(await since('mayfly_decision_seconds_count{protocol="postgres"}')).toBe(3);
  expect(await since('mayfly_decision_seconds_bucket{le="+Inf",protocol="postgres"}')).toBe(3);
  expect(await since('mayfly_act_seconds_sum{protocol="postgres"}')).toBeGreaterThan(0);
  expect(await value('mayfly_policy_decision_seconds_count{state="approved"}')).toBe(1);
  expect(await value("mayfly_grants")).toBe(1);
});

test("a request that waits is counted while it does, and then by what became of it", async () => {
  const token = await world.agentToken();
  const asked = await call(world.gateway, token, "POST", "/v1/requests", {
    connection: "orders-db",
    operations: ["refund-order"],
    reason: "TICKET-2 test",
  });
  const { id, digest } = asked.body as { id: string; digest: string };
  expect(await value("mayfly_requests_pending")).toBe(1);
  const reviewer = await world.personToken("rosa@example.com");
  const refused = await call(world.gateway, reviewer, "POST", `/v1/requests/${id}/refuse`, {
    digest,
    comment: "no",
  });
  expect(refused.status).toBe(200);
  const text = await scrape();
  expect(valueIn(text, "mayfly_requests_pending")).toBe(0);
  expect(valueIn(text, 'mayfly_policy_decision_seconds_count{state="pending"}')).toBe(1);
  expect(valueIn(text, 'mayfly_approval_seconds_count{state="refused"}')).toBe(1);
  expect(valueIn(text, 'mayfly_approval_seconds_count{state="approved"}')).toBe(0);
});

test("a target that is gone is told in the log and the metrics, and when it is back", async () => {
  const up = 'mayfly_connection_up{connection="orders-db",protocol="postgres"}';
  await expect.poll(() => value(up), { timeout: 60_000 }).toBe(1);
  const issuer = world.okta.issuer;
  await expect
    .poll(() => value(`mayfly_identity_provider_up{issuer="${issuer}"}`), { timeout: 60_000 })
    .toBe(1);
  let good = "";
  await world.edit((text) => {
    good = text;
    // Nobody listens at the first port of all.
    return text.replace(/(?<=orders-db:\n    postgres:\n[^-]*?port: )\d+/, "1");
  });
  world.gateway.signal("SIGHUP");
  expect(await world.gateway.line("the target of a connection does not answer")).toMatchObject({
    level: "warn",
    connection: "orders-db",
    problem: expect.stringContaining("ECONNREFUSED"),
  });
  expect(await value(up)).toBe(0);
  await world.edit(() => good);
  world.gateway.signal("SIGHUP");
  expect(await world.gateway.line("the target of a connection answers again")).toMatchObject({
    level: "info",
    connection: "orders-db",
  });
  expect(await value(up)).toBe(1);
});

test("a reload puts another token in the place of the one before", async () => {
  await world.edit((text) => text.replace("env: SCRAPE_TOKEN", "env: INTROSPECTION_SECRET"));
  world.gateway.signal("SIGHUP");
  const status = async (token: string): Promise<number> =>
    (await call(world.gateway, token, "GET", "/metrics")).status;
  await expect.poll(() => status("introspection-secret")).toBe(200);
  expect(await status(TOKEN)).toBe(401);
});
