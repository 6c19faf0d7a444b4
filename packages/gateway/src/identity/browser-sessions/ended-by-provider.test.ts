import { beforeEach, expect, test } from "vitest";
import { fakeClock, type FakeClock } from "@mayfly/testing/fake-clock.ts";
import { createPeople, type ManagedPeople } from "../create-people.ts";
import type { RulesOfPeople } from "../people-options.ts";
import { createCutOffs, type CutOffs } from "../signals/cut-offs.ts";
import type { About } from "../signals/subjects.ts";
import { memoryCutOffs } from "../signals/testing/memory-store.ts";
import { stubProvider, type StubProvider } from "../sign-in/testing/stub-provider.ts";
import { memoryStore } from "./testing/memory-store.ts";

const rita = "rita@example.com";
let clock: FakeClock;
let oidc: StubProvider;
let cutOffs: CutOffs;
let people: ManagedPeople;
let ended: string[];
let rules: RulesOfPeople;

beforeEach(() => {
  clock = fakeClock();
  oidc = stubProvider(() => clock.wall());
  ended = [];
  cutOffs = createCutOffs({
    store: memoryCutOffs(),
    clock,
    isShared: false,
    learned: () => {},
    fault: () => {},
  });
  people = createPeople({
    store: memoryStore(),
    clock,
    cutOffs,
    rules: (rules = {
      digest: "sha256:one",
      client: "0oaconsole",
      providers: [oidc],
      roles: { reviewer: ["leads"], operator: [], auditor: [] },
      limits: { idle: 1_800_000, absolute: 28_800_000 },
      groupsMaxAge: 900_000,
    }),
    onEnded: ({ session, reason }) => void ended.push(`${session.login}: ${reason}`),
  });
});

/** Signs somebody in; `meanwhile` happens while the provider answers. */
async function signIn(login: string, meanwhile: () => Promise<void> = async () => {}) {
  const begun = await people.begin("oidc", { returnTo: "/", binding: undefined, cookie: undefined });
  const state = new URL(begun.redirect).searchParams.get("state") ?? "";
  return people.finish(
    "oidc",
    { state, code: login },
    { binding: begun.binding, cookie: undefined, address: "192.0.2.1", name: "a browser" },
    async () => meanwhile(),
  );
}

const about = (issuer: string, more: Partial<About> = {}): About => ({
  subject: { kind: "user", login: rita },
  issuers: [issuer],
  ...more,
});

test("a person's sessions end, also by another spelling of the login, and nobody else's", async () => {
  const [own, others] = [await signIn(rita), await signIn("ravi@example.com")];
  const { issuer } = own.session;
  const elsewhere = about("https://other.example");
  expect(await people.endAbout(elsewhere, clock.wall(), "x")).toEqual([]);
  const dry = await people.endAbout(about(issuer), clock.wall(), "suspended", { isDryRun: true });
  expect(dry.map(({ id }) => id)).toEqual([own.session.id]);
  expect(await people.authenticate(own.cookie, false)).toBeDefined();
  const told: string[] = [];
  people.watch(own.verified, (why) => told.push(why));
  const subject = { kind: "user", login: "Rita@Example.com" } as const;
  await people.endAbout(about(issuer, { subject }), clock.wall(), "suspended");
  expect(await people.authenticate(own.cookie, false)).toBeUndefined();
  expect(await people.authenticate(others.cookie, false)).toBeDefined();
  expect(told).toEqual(["suspended"]);
  expect(ended).toEqual([`${rita}: suspended`]);
});

test("a client that is the console's own ends everybody's", async () => {
  const { session } = await signIn(rita);
  const client = (id: string): About => about(session.issuer, { subject: { kind: "client", client: id } });
  expect(await people.endAbout(client("0oaother"), clock.wall(), "x")).toEqual([]);
  expect(await people.endAbout(client("0oaconsole"), clock.wall(), "deactivated")).toHaveLength(1);
});

test("one that is met after a cut-off ends then, and one that is signed in after it stays", async () => {
  const before = await signIn(rita);
  const { issuer } = before.session;
  await cutOffs.cut({ ...about(issuer), at: clock.wall(), reason: "suspended" });
  expect(await people.authenticate(before.cookie, false)).toBeUndefined();
  clock.advance(1000);
  const after = await signIn(rita);
  expect(await people.authenticate(after.cookie, false)).toBeDefined();
});

test("a sign-in that a cut-off overtakes signs nobody in", async () => {
  const { issuer } = (await signIn(rita)).session;
  const overtaken = signIn(rita, () =>
    cutOffs.cut({ ...about(issuer), at: clock.wall(), reason: "suspended" }),
  );
  await expect(overtaken).rejects.toMatchObject({ code: "expired" });
});

test("a SAML session ends by the id that an attribute gave, and by the login where there is a NameID alone", async () => {
  const saml = stubProvider(() => clock.wall(), "saml");
  await people.adopt({ ...rules, digest: "sha256:two", providers: [saml] });
  const signInBySaml = async (login: string) => {
    const begun = await people.begin("saml", { returnTo: "/", binding: undefined, cookie: undefined });
    const handle = new URL(begun.redirect).searchParams.get("state") ?? "";
    const browser = { binding: begun.binding, cookie: undefined, address: "192.0.2.1", name: "a browser" };
    return people.finish("saml", { RelayState: handle, code: login }, browser, async () => {});
  };
  const named = await signInBySaml(rita);
  const { issuer } = named.session;
  const subject = { kind: "user", uid: "00uRITA", login: rita } as const;
  expect(await people.endAbout(about(issuer, { subject }), clock.wall(), "suspended")).toHaveLength(1);
  Object.assign(saml.extra, { uid: "00uRITA" });
  await signInBySaml("renamed@example.com");
  const byId = about(issuer, { subject: { kind: "user", uid: "00uRITA" } });
  expect(await people.endAbout(byId, clock.wall(), "revoked")).toHaveLength(1);
  const other = about(issuer, { subject: { kind: "user", uid: "00uELSE", login: "renamed@example.com" } });
  await signInBySaml("renamed@example.com");
  expect(await people.endAbout(other, clock.wall(), "suspended")).toEqual([]);
});
