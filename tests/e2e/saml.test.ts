// tier: gate
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { request } from "node:https";
import path from "node:path";
import { inflateRawSync } from "node:zlib";
import { encodeResponse, newSamlKey, signInWithSaml } from "@mayfly/okta-stand-in";
import { afterAll, beforeAll, expect, test } from "vitest";
import { call } from "@mayfly/testing/api.ts";
import { startWorld } from "@mayfly/testing/world.ts";
import type { World } from "@mayfly/testing/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld({ store: "sqlite" });
});
afterAll(async () => {
  await world.stop();
});

interface Page {
  readonly status: number;
  readonly location: string | undefined;
  readonly cookies: ReadonlyMap<string, string>;
  readonly body: string;
}

/** What a browser does: a GET, or a POST of a form with the cookies it has. */
function visit(to: string, form?: Record<string, string>, cookie = ""): Promise<Page> {
  const body = form === undefined ? undefined : new URLSearchParams(form).toString();
  return new Promise((resolve, reject) => {
    const outgoing = request(
      new URL(to, world.gateway.url),
      {
        method: body === undefined ? "GET" : "POST",
        ca: readFileSync(world.gateway.caFile),
        agent: false,
        headers: {
          ...(cookie === "" ? {} : { cookie }),
          ...(body === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }),
        },
      },
      (incoming) => {
        let text = "";
        incoming.setEncoding("utf8").on("data", (part: string) => (text += part));
        incoming.once("end", () =>
          resolve({
            status: incoming.statusCode ?? 0,
            location: incoming.headers.location,
            cookies: new Map(
              (incoming.headers["set-cookie"] ?? []).map((line) => {
                const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
                return [name, value];
              }),
            ),
            body: text,
          }),
        );
      },
    );
    outgoing.once("error", reject);
    outgoing.end(body);
  });
}

/** A sign-in under way: what the browser holds, and what the provider made it post. */
async function begin(login = "rosa@example.com", from = "/sign-in/saml?return=/inbox") {
  const begun = await visit(from);
  const posted = await signInWithSaml(begun.location ?? "", login);
  const cookie = [...begun.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  const form = { SAMLResponse: posted.samlResponse, RelayState: posted.relayState ?? "" };
  const xml = Buffer.from(posted.samlResponse, "base64").toString("utf8");
  const inResponseTo = / InResponseTo="([^"]*)"/.exec(xml)?.[1] ?? "";
  return { cookie, form, xml, inResponseTo };
}

async function records(type: string): Promise<{ detail: Record<string, unknown> }[]> {
  const token = await world.personToken("ada@example.com");
  const answer = await call(world.gateway, token, "GET", `/v1/audit/records?type=${type}&limit=100`);
  return (answer.body as { records: { detail: Record<string, unknown> }[] }).records;
}

const acs = "/sign-in/saml/acs";
const notVerified = "/sign-in?problem=not_verified";

test("our metadata is there for the provider's administrator", async () => {
  const { status, body } = await visit("/sign-in/saml/metadata");
  expect(status).toBe(200);
  expect(body).toContain(`Location="${world.gateway.url}/sign-in/saml/acs"`);
});

test("a sign-in: to the provider and back, with a session of one's own", async () => {
  const { cookie, form } = await begin();
  const done = await visit(acs, form, cookie);
  expect(done).toMatchObject({ status: 303, location: "/inbox" });
  const session = `__Host-mayfly=${done.cookies.get("__Host-mayfly") ?? ""}`;
  const me = JSON.parse((await visit("/v1/session", undefined, session)).body) as Record<string, unknown>;
  expect(me).toMatchObject({
    method: "saml",
    me: { issuer: world.okta.saml.entityId, subject: "rosa@example.com", roles: ["reviewer"] },
  });
  // The very same form again, in the very same browser.
  expect(await visit(acs, form, cookie)).toMatchObject({ status: 303, location: "/sign-in?problem=expired" });
  expect(await records("sign_in.succeeded")).toContainEqual(
    expect.objectContaining({ detail: expect.objectContaining({ method: "saml" }) }),
  );
});

test.each<[string, string, (begun: Awaited<ReturnType<typeof begin>>) => Promise<Page>]>([
  ["in another browser", "other_browser", ({ form }) => visit(acs, form)],
  [
    "in a browser with a sign-in of its own",
    "other_browser",
    async ({ form }) => visit(acs, form, (await begin()).cookie),
  ],
  [
    "with another RelayState",
    "not_configured",
    ({ form, cookie }) => visit(acs, { ...form, RelayState: "https://evil.example/" }, cookie),
  ],
  [
    "changed",
    "not_verified",
    ({ form, xml, cookie }) =>
      visit(acs, { ...form, SAMLResponse: encodeResponse(xml.replaceAll("rosa@", "olga@")) }, cookie),
  ],
  [
    "signed by another",
    "not_verified",
    async ({ form, inResponseTo, cookie }) => {
      const key = await newSamlKey();
      const xml = world.okta.saml.response({ login: "olga@example.com", inResponseTo, key });
      return visit(acs, { ...form, SAMLResponse: encodeResponse(xml) }, cookie);
    },
  ],
  [
    "unsigned",
    "not_verified",
    ({ form, inResponseTo, cookie }) => {
      const xml = world.okta.saml.response({ login: "olga@example.com", inResponseTo, sign: "none" });
      return visit(acs, { ...form, SAMLResponse: encodeResponse(xml) }, cookie);
    },
  ],
  [
    "of yesterday",
    "not_verified",
    ({ form, inResponseTo, cookie }) => {
      const over = Date.now() - 86_400_000;
      const content = { notOnOrAfter: over, confirmationNotOnOrAfter: over };
      const xml = world.okta.saml.response({ login: "olga@example.com", inResponseTo, content });
      return visit(acs, { ...form, SAMLResponse: encodeResponse(xml) }, cookie);
    },
  ],
  [
    "to nobody's question",
    "not_configured",
    () =>
      visit(acs, { SAMLResponse: encodeResponse(world.okta.saml.response({ login: "olga@example.com" })) }),
  ],
  [
    "that says that the person refused",
    "refused",
    ({ form, inResponseTo, cookie }) => {
      const status = [
        "urn:oasis:names:tc:SAML:2.0:status:Responder",
        "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed",
      ];
      const xml = world.okta.saml.response({
        login: "",
        inResponseTo,
        sign: "response",
        content: { status },
      });
      return visit(acs, { ...form, SAMLResponse: encodeResponse(xml) }, cookie);
    },
  ],
])("an answer %s is a page with words, and no session", async (_, problem, post) => {
  const page = await post(await begin());
  expect(page.status).toBe(303);
  expect(page.location).toMatch(new RegExp(`^/sign-in\\?problem=${problem}(&|$)`));
  expect(page.cookies.get("__Host-mayfly") ?? "").toBe("");
});

test("refusals are recorded, by the check that refused and without a word of what came", async () => {
  const refused = (await records("sign_in.refused")).map(({ detail }) => detail);
  // So many for one address; a flood does not fill the log.
  expect(refused.length).toBeGreaterThanOrEqual(5);
  expect(refused).toContainEqual(
    expect.objectContaining({ method: "saml", step: "finish", code: "other_browser" }),
  );
  expect(refused).toContainEqual(
    expect.objectContaining({
      code: "not_verified",
      why: "the signature is not by a key of the provider's metadata",
    }),
  );
  expect(JSON.stringify(refused)).not.toMatch(/olga@|SAMLResponse|evil/);
});

test("two answers of two people in one form", async () => {
  const { form, cookie } = await begin();
  const twice = `/sign-in/saml/acs?SAMLResponse=${encodeURIComponent(form.SAMLResponse)}`;
  const page = await visit(twice, { RelayState: form.RelayState }, cookie);
  expect(page.location ?? "").not.toBe("/inbox");
  expect(page.cookies.get("__Host-mayfly") ?? "").toBe("");
});

test("a fresh sign-in makes the provider ask again", async () => {
  const asked = async (to: string): Promise<string> => {
    const url = new URL((await visit(to)).location ?? "");
    return inflateRawSync(Buffer.from(url.searchParams.get("SAMLRequest") ?? "", "base64")).toString("utf8");
  };
  expect(await asked("/sign-in/saml?fresh=600")).toContain('ForceAuthn="true"');
  expect(await asked("/sign-in/saml")).not.toContain("ForceAuthn");
});

test("the provider's new key counts from when its metadata is given anew, without a restart", async () => {
  await world.okta.saml.rotateKey();
  const before = await begin();
  expect(await visit(acs, before.form, before.cookie)).toMatchObject({ location: notVerified });
  await writeFile(path.join(world.folder, "okta-metadata.xml"), world.okta.saml.metadata());
  world.gateway.signal("SIGHUP");
  await world.gateway.line("configuration adopted");
  const after = await begin();
  expect(await visit(acs, after.form, after.cookie)).toMatchObject({ location: "/inbox" });
});
