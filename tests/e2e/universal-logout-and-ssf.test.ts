// tier: full
import { readFileSync } from "node:fs";
import { newSigningKey } from "@mayfly/okta-stand-in";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { call, getAccess, type Access } from "@mayfly/testing/api.ts";
import { agentId, consoleClient } from "@mayfly/testing/people.ts";
import { psql, startWorld, type World } from "@mayfly/testing/world.ts";

const authorization = "Bearer agreed-with-the-transmitter";
const [nils, sana] = ["nils@example.com", "sana@example.com"] as const;

let world: World;

beforeAll(async () => {
  world = await startWorld({
    store: "sqlite",
    configure: (text) =>
      text.replace(
        "  signals: { ",
        "  signals: { global_token_revocation: {}, ssf: { authorization: { env: SSF_AUTHORIZATION } }, ",
      ),
    environment: { SSF_AUTHORIZATION: authorization },
  });
});
afterAll(() => world.stop());

/** What the same agent holds: for each of two people, and for itself. */
interface Held {
  readonly nils: Access;
  readonly sana: Access;
  readonly own: Access;
  /** The token by which it holds it for Nils. */
  readonly token: string;
}

let held: Held;
beforeEach(async () => {
  const accessBy = (token: string): Promise<Access> =>
    getAccess(world.gateway, token, "orders-db", ["read-orders"], "10m");
  // Tokens say when they were issued to the second: not in the second of what ended before.
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const token = await world.okta.tokenFor({ agent: agentId, person: nils });
  held = {
    token,
    nils: await accessBy(token),
    sana: await accessBy(await world.okta.tokenFor({ agent: agentId, person: sana })),
    own: await accessBy(await world.agentToken()),
  };
  if (!Object.values(await letIn(held)).every(Boolean)) throw new Error("not everybody was let in");
});

/** Whom psql still lets in by the grant's secret. */
async function letIn(now: Held): Promise<Record<"nils" | "sana" | "own", boolean>> {
  const lets = async ({ env }: Access): Promise<boolean> =>
    (await psql(world, env, ["-c", "select id from orders limit 1"])).code === 0;
  return { nils: await lets(now.nils), sana: await lets(now.sana), own: await lets(now.own) };
}

/** The newest records of a type, as an auditor reads them. */
async function records(type: string): Promise<readonly Record<string, unknown>[]> {
  const ada = await world.personToken("ada@example.com");
  const { body } = await call(world.gateway, ada, "GET", `/v1/audit/records?type=${type}`);
  return (body as { records: Record<string, unknown>[] }).records;
}

const all = { nils: true, sana: true, own: true };
const withoutNils = { ...all, nils: false };
const ca = (): string => readFileSync(world.gateway.caFile, "utf8");
/** Okta's id of Nils, as his token says it. */
const uidOfNils = (): string => {
  const claims = JSON.parse(Buffer.from(held.token.split(".")[1] ?? "", "base64url").toString()) as object;
  return String((claims as Record<string, unknown>)["uid"]);
};

describe("Universal Logout", () => {
  const app = (): { url: string; app: string; ca: string } => ({
    url: `${world.gateway.url}/v1/signals/global-token-revocation`,
    app: consoleClient.id,
    ca: ca(),
  });

  test.each(["iss_sub", "email"] as const)(
    "ends what an agent holds for the person, named by %s",
    async (subjectFormat) => {
      const answer = await world.okta.revokeEverywhere(nils, { ...app(), subjectFormat });
      expect(answer.status).toBe(204);
      expect(await letIn(held)).toEqual(withoutNils);
      // The token is not taken again, and the grant says why it is over.
      expect((await call(world.gateway, held.token, "GET", "/v1/me")).status).toBe(401);
      const olga = await world.personToken("olga@example.com");
      const { body } = await call(world.gateway, olga, "GET", `/v1/grants/${held.nils.grant}`);
      expect(body).toMatchObject({ state: "revoked", ended_by: "identity" });
      const [receipt] = await records("signal.received");
      expect(receipt).toMatchObject({
        detail: { channel: "global_token_revocation", effect: "end", grants: [held.nils.grant] },
      });
    },
  );

  test("holds after a restart", async () => {
    expect((await world.okta.revokeEverywhere(nils, app())).status).toBe(204);
    await world.gateway.stop("SIGKILL");
    await world.restart();
    expect(await letIn(held)).toEqual(withoutNils);
    expect((await call(world.gateway, held.token, "GET", "/v1/me")).status).toBe(401);
  });

  test("that comes again has no effect, and another subject with its JWT is refused", async () => {
    const claims = { jti: "once" };
    expect((await world.okta.revokeEverywhere(sana, app(), { claims })).status).toBe(204);
    const before = (await records("signal.received")).length;
    expect((await world.okta.revokeEverywhere(sana, app(), { claims })).status).toBe(204);
    expect((await world.okta.revokeEverywhere(nils, app(), { claims })).status).toBe(401);
    expect((await records("signal.received")).length).toBe(before);
    expect(await letIn(held)).toEqual({ ...all, sana: false });
  });

  test("that is forged, or of another issuer's subject, touches nobody and is recorded", async () => {
    const key = await newSigningKey("RS256");
    const subject = { format: "iss_sub", iss: "https://other.okta.com", sub: uidOfNils() };
    const refused: [object, number, string][] = [
      [{ subject }, 403, "subject"],
      [{ key }, 401, "key"],
      [{ header: { typ: "JWT" } }, 401, "type"],
      [{ claims: { iss: "https://other.okta.com" } }, 401, "issuer"],
      [{ claims: { aud: world.gateway.url } }, 401, "audience"],
      [{ claims: { sub: agentId } }, 403, "sender"],
      [{ subject: { format: "phone_number", phone_number: "+12065550100" } }, 400, "malformed"],
    ];
    for (const [departures, status, code] of refused) {
      const answer = await world.okta.revokeEverywhere(nils, app(), departures);
      expect([code, answer.status]).toEqual([code, status]);
      expect(answer.body).not.toContain("other.okta.com");
    }
    expect(await letIn(held)).toEqual(all);
    const codes = (await records("signal.refused")).map(({ detail }) => (detail as { code: string }).code);
    // The first few of an address are recorded, and then one a minute.
    expect(codes).toEqual(expect.arrayContaining(["subject", "key"]));
  });
});

describe("a stream of security events", () => {
  const stream = (): { url: string; authorization: string; audience: string; ca: string } => {
    const url = `${world.gateway.url}/v1/signals/ssf`;
    return { url, authorization, audience: url, ca: ca() };
  };

  test("is verified when it is made", async () => {
    expect((await world.okta.ssf.add(stream())).status).toBe(202);
  });

  test.each(["sessionRevoked", "accountDisabled"])(
    "ends what an agent holds for the person by %s",
    async (event) => {
      const answer = await world.okta.ssf.push(stream(), { event, subject: nils });
      expect([answer.status, answer.body]).toEqual([202, ""]);
      expect(await letIn(held)).toEqual(withoutNils);
      expect((await call(world.gateway, held.token, "GET", "/v1/me")).status).toBe(401);
    },
  );

  test("that is not what was agreed touches nobody", async () => {
    const event = { event: "sessionRevoked", subject: nils };
    const key = await newSigningKey("RS256");
    const refused = async (push: Promise<{ status: number; body: string }>): Promise<unknown> => {
      const { status, body } = await push;
      return [status, (JSON.parse(body) as { err: string }).err];
    };
    const { ssf } = world.okta;
    expect([
      await refused(ssf.push({ ...stream(), authorization: "Bearer other" }, event)),
      await refused(ssf.push(stream(), { ...event, key })),
      await refused(ssf.push({ ...stream(), audience: "https://other.example" }, event)),
      await refused(ssf.push(stream(), { ...event, claims: { iss: "https://other.okta.com" } })),
      await refused(
        ssf.push(stream(), {
          ...event,
          subject: { format: "iss_sub", iss: "https://other.okta.com", sub: uidOfNils() },
        }),
      ),
      await refused(ssf.pushBody(stream(), "no token")),
    ]).toEqual([
      [400, "authentication_failed"],
      [400, "invalid_key"],
      [400, "invalid_audience"],
      [400, "invalid_issuer"],
      [400, "access_denied"],
      [400, "invalid_request"],
    ]);
    expect(await letIn(held)).toEqual(all);
  });
});
