// tier: gate
import { spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { call } from "@mayfly/testing/api.ts";
import { billingAuth, startBilling, withBilling, type Billing } from "@mayfly/testing/billing.ts";
import { root } from "@mayfly/testing/gateway.ts";
import { startWorld, verifyLog, type World } from "@mayfly/testing/world.ts";

let world: World;
let billing: Billing;
let folder: string;

beforeAll(async () => {
  billing = await startBilling();
  folder = mkdtempSync(path.join(tmpdir(), "mayfly-http-"));
  copyFileSync(path.join(root, "examples/schemas/refund.json"), path.join(folder, "refund.json"));
  world = await startWorld({
    store: "sqlite",
    configure: (text) => withBilling(text, billing.url, folder),
    environment: { BILLING_AUTH: billingAuth },
  });
});
afterAll(async () => {
  await world.stop();
  await billing.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Grant {
  readonly id: string;
  readonly access: { readonly url: string; readonly secret: string; readonly env: Record<string, string> };
}

/** Asks for operations that need nobody's approval. */
async function grantOf(operation: string, ttl = "5m"): Promise<Grant> {
  const answer = await call(world.gateway, await world.agentToken(), "POST", "/v1/requests", {
    connection: "billing-api",
    operations: [operation],
    reason: "TICKET-9 what was billed",
    ttl,
  });
  expect(answer.status).toBe(201);
  return (answer.body as { grant: Grant }).grant;
}

interface Curled {
  readonly code: number;
  readonly out: string;
}

/** Runs the real curl, trusting the gateway's CA. */
function curl(...args: readonly string[]): Promise<Curled> {
  return new Promise((resolve, reject) => {
    const child = spawn("curl", ["-sS", "--cacert", world.gateway.caFile, "--max-time", "30", ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let out = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (part: string) => (out += part));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? -1, out }));
  });
}

const bearer = (value: string): string[] => ["-H", `Authorization: Bearer ${value}`];

describe("an internal API through the gateway, with curl", () => {
  test.each(["--http1.1", "--http2"])(
    "reads what is granted, masked, with nothing of the agent's (%s)",
    async (version) => {
      const { access } = await grantOf("read-invoice");
      expect(access.url).toBe(`${world.gateway.url}/http/billing-api`);
      expect(access.env).toMatchObject({ MAYFLY_HTTP_URL: access.url, MAYFLY_BEARER: access.secret });
      const { out } = await curl(
        version,
        "-w",
        "\n%{http_version} %{http_code}",
        ...bearer(access.secret),
        `${access.url}/v1/invoices/7`,
      );
      expect(out).toContain('"email":"***"');
      expect(out).toMatch(version === "--http2" ? /\n2 200$/ : /\n1\.1 200$/);
      const request = billing.seen.at(-1);
      expect(request?.headers.authorization).toBe(billingAuth);
      expect(JSON.stringify(request?.headers)).not.toMatch(/gr_|localhost:\d+\/http/);
    },
  );

  test("takes the agent's own access token too", async () => {
    const { access } = await grantOf("read-invoice");
    const { out } = await curl(...bearer(await world.agentToken()), `${access.url}/v1/invoices/8`);
    expect(out).toContain('"id":"8"');
  });

  test("refuses what is not granted, in words, and lets nobody else in", async () => {
    const { access, id: grantId } = await grantOf("read-invoice");
    const before = billing.seen.length;
    const refused = await curl(
      "-w",
      "\n%{http_code}",
      "--path-as-is",
      ...bearer(access.secret),
      `${access.url}/v1/invoices/../admin`,
    );
    expect(refused.out).toMatch(/dot segment/);
    expect(refused.out).toMatch(/\n403$/);
    const posted = await curl(
      "-w",
      "\n%{http_code}",
      ...bearer(access.secret),
      "-H",
      "Content-Type: application/json",
      "-d",
      JSON.stringify({ invoice: "inv_7", cents: 100 }),
      `${access.url}/v1/refunds`,
    );
    expect(posted.out).toContain(
      "billing-api/refund covers this kind of act: mayfly request billing-api/refund --reason",
    );
    const other = await curl(
      "-w",
      "\n%{http_code}",
      ...bearer(await world.personToken("ada@example.com")),
      `${access.url}/v1/invoices/7`,
    );
    expect(other.out).toMatch(/\n403$/);
    await call(world.gateway, await world.agentToken(), "DELETE", `/v1/grants/${grantId}`);
    const closed = await curl("-i", ...bearer(access.secret), `${access.url}/v1/invoices/7`);
    expect(closed.out).toMatch(/mayfly-problem: no_grant/i);
    expect(closed.out).toContain(`grant ${grantId} was released by its holder`);
    const nobody = await curl("-i", `${access.url}/v1/invoices/7`);
    expect(nobody.out).toMatch(/401[^]*www-authenticate: Bearer realm="mayfly", resource_metadata=/i);
    expect(billing.seen.length).toBe(before);
  });

  test("refunds once a person has approved, as the schema says and as often as the budget", async () => {
    const token = await world.agentToken();
    const asked = await call(world.gateway, token, "POST", "/v1/requests", {
      connection: "billing-api",
      operations: ["refund"],
      reason: "TICKET-10 billed twice",
    });
    const { id, digest } = asked.body as { id: string; digest: string };
    const approved = await call(
      world.gateway,
      await world.personToken("rosa@example.com"),
      "POST",
      `/v1/requests/${id}/approve`,
      { digest, comment: "" },
    );
    expect(approved.status).toBe(200);
    const { grant_id: grant } = (await call(world.gateway, token, "GET", `/v1/requests/${id}`)).body as {
      grant_id: string;
    };
    const { access } = (await call(world.gateway, token, "POST", `/v1/grants/${grant}/secret`)).body as Grant;
    const refund = (cents: number): Promise<Curled> =>
      curl(
        "-w",
        "\n%{http_code}",
        ...bearer(access.secret),
        "-H",
        "Content-Type: application/json",
        "-d",
        JSON.stringify({ invoice: "inv_7", cents }),
        `${access.url}/v1/refunds`,
      );
    expect((await refund(1250)).out).toContain('{"refunded":1250}\n201');
    expect((await refund(99_999)).out).toMatch(/must be <= 50000[^]*\n403$/);
    await refund(1);
    await refund(2);
    expect((await refund(3)).out).toMatch(/has used all 3[^]*\n403$/);
  });

  test("is cut at the deadline in the middle of a stream", async () => {
    // Long enough for a slow machine to be let in before.
    const { access } = await grantOf("follow", "6s");
    const { code, out } = await curl("-N", ...bearer(access.secret), `${access.url}/v1/feed`);
    expect(out).toContain("data: open");
    // curl: transfer closed with outstanding data, or the connection was reset.
    expect([18, 56, 92]).toContain(code);
    await expect.poll(() => billing.feeds).toBe(0);
    const after = await curl("-w", "\n%{http_code}", ...bearer(access.secret), `${access.url}/v1/feed`);
    expect(after.out).toMatch(/\n403$/);
  });

  test("leaves a log that verifies and holds no credential", async () => {
    const verified = verifyLog(world);
    expect(verified.code).toBe(0);
    const found = await call(
      world.gateway,
      await world.personToken("ada@example.com"),
      "GET",
      "/v1/audit/records?connection=billing-api&limit=500",
    );
    const text = JSON.stringify(found.body);
    expect(text).toContain('"path":"/v1/invoices/7"');
    expect(text).not.toMatch(/only-the-gateway-bills|ada@example.com"}|Bearer/);
  });
});
