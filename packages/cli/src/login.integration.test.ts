// tier: full
import { createPrivateKey } from "node:crypto";
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JWK } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newSigningKey, type OktaStandIn, startOktaStandIn } from "@mayfly/okta-stand-in";
import { fakePeople } from "@mayfly/testing/fake-api.ts";
import { identityTrusting, MayflyError, systemClock } from "@mayfly/testing/identity.ts";
import { testBed, type TestBed } from "./testing/cli.ts";

let okta: OktaStandIn;
/** Calls of `current` that the gateway answers with token_stale from now on. */
let stale = 0;
let bed: TestBed;
let key: JWK;
const nobody = { MAYFLY_TOKEN: "" };
const login = (...more: string[]): string[] => ["login", "--client-id", "0oabot", ...more];

beforeAll(async () => {
  key = await newSigningKey("RS256");
  const { kty, n, e, kid } = key;
  okta = await startOktaStandIn({
    agents: [{ clientId: "0oabot", keys: [{ kty, n, e, kid } as JWK] }],
    people: [
      { login: "rita@example.com", name: "Rita", groups: ["support-leads"] },
      { login: "nils@example.com", name: "Nils", groups: [] },
    ],
  });
  const { people } = fakePeople(systemClock);
  bed = await testBed({
    people: {
      ...people,
      methods: people.methods,
      async current(verified) {
        if (stale === 0) return people.current(verified);
        stale -= 1;
        throw new MayflyError("token_stale", "the access token is too old", {
          status: 401,
          hint: "get a fresh one",
        });
      },
    },
    issuers: [okta.issuer],
    identity: identityTrusting(okta, {
      directory: new Map([["0oabot", { name: "support-bot", groups: ["support-agents"] }]]),
    }),
  });
  writeFileSync(join(bed.state, "agent.jwk"), JSON.stringify(key));
  const pem = createPrivateKey({ key, format: "jwk" }).export({
    type: "pkcs1",
    format: "pem",
  });
  writeFileSync(join(bed.state, "agent.pem"), pem);
});

afterAll(async () => {
  await bed.close();
  await okta.close();
});

/** Makes the saved token look as old as it may be. */
function expireToken(profile: string): string {
  const path = join(bed.state, "mayfly", `${profile}.json`);
  const saved = JSON.parse(readFileSync(path, "utf8")) as { accessToken: string };
  writeFileSync(path, JSON.stringify({ ...saved, expiresAt: Date.now() + 1000 }));
  chmodSync(path, 0o600);
  return saved.accessToken;
}

describe("an agent", () => {
  it.each([
    ["a JWK", ["--key", "agent.jwk"]],
    ["a PEM and its id", ["--key", "agent.pem", "--key-id", "KID"]],
  ])("logs in with %s, and again by itself when the token expires", async (_name, flags) => {
    const args = flags.map((flag) =>
      flag.replace(/^agent/, join(bed.state, "agent")).replace("KID", key.kid ?? ""),
    );
    const ran = await bed.run(login(...args), nobody);
    expect(ran.stderr).toBe(`Logged in to ${bed.url} as support-bot (agent; groups support-agents).\n`);
    expect((await bed.run(["operations"], nobody)).code).toBe(0);
    const before = expireToken("default");
    expect(
      (await bed.run(["run", "orders-db/read-orders", "--reason", "x", "--", "true"], nobody)).code,
    ).toBe(0);
    const saved = readFileSync(join(bed.state, "mayfly", "default.json"), "utf8");
    expect((JSON.parse(saved) as { accessToken: string }).accessToken).not.toBe(before);
    expect(saved).not.toContain("PRIVATE");
    expect(saved).not.toContain(key.d);
  });

  it("is told what is wrong, without its key", async () => {
    const other = join(bed.state, "other.jwk");
    const wrong = await newSigningKey("RS256");
    writeFileSync(other, JSON.stringify(wrong));
    const refused = await bed.run(login("--key", other, "--profile", "wrong"), nobody);
    expect([refused.code, refused.stdout]).toEqual([5, ""]);
    expect(refused.stderr).toContain("gave 0oabot no token");
    expect(refused.stderr).not.toContain(wrong.d);
    const garbage = join(bed.state, "garbage.pem");
    writeFileSync(garbage, "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n");
    const unreadable = await bed.run(login("--key", garbage, "--profile", "wrong"), nobody);
    expect(unreadable.stderr).toContain("is not a private key that can be used");
    expect(unreadable.stderr).not.toContain("c2VjcmV0");
    expect((await bed.run(login("--key", "/nowhere"), nobody)).stderr).toContain("cannot be read");
  });
});

describe("a person", () => {
  it("signs in by the device flow, has their roles, and stays signed in by the refresh token", async () => {
    const running = bed.start(["login", "--profile", "rita"], nobody);
    await running.says("Waiting");
    const [, url] = /open (\S+)/.exec(running.stderr()) ?? [];
    await okta.signIn(url ?? "", "rita@example.com");
    const ran = await running.done;
    expect(ran.stderr).toContain("as rita@example.com (person; groups support-leads, roles reviewer)");
    const before = expireToken("rita");
    expect((await bed.run(["pending", "--profile", "rita"], nobody)).stderr).toBe(
      "No requests are awaiting approval.\n",
    );
    const saved = JSON.parse(readFileSync(join(bed.state, "mayfly", "rita.json"), "utf8")) as {
      accessToken: string;
    };
    expect(saved.accessToken).not.toBe(before);
  });

  it("in no group is told where groups come from", async () => {
    const running = bed.start(["login", "--profile", "nils"], nobody);
    await running.says("Waiting");
    const [, url] = /open (\S+)/.exec(running.stderr()) ?? [];
    await okta.signIn(url ?? "", "nils@example.com");
    const { stderr } = await running.done;
    expect(stderr).toContain("as nils@example.com (person; no groups)");
    expect(stderr).toContain("identity.agents.groups_claim");
    expect(stderr).not.toContain("directory");
  });

  it("is told which option names the client, and what it needs, when the server does not know it", async () => {
    const args = ["login", "--device", "--client-id", "0oaabsent", "--profile", "nobody"];
    const ran = await bed.run(args, nobody);
    expect([ran.code, ran.stdout]).toEqual([5, ""]);
    expect(ran.stderr.split("\n")).toEqual([
      `mayfly: ${okta.issuer} does not know the client 0oaabsent: invalid_client: client authentication failed`,
      expect.stringMatching(
        /^hint: --client-id names the app that people sign in to .* for --device tick Device Authorization under Grant type\./,
      ),
      "",
    ]);
    expect(existsSync(join(bed.state, "mayfly", "nobody.json"))).toBe(false);
  });

  const saved = (profile: string): { accessToken: string; expiresAt: number } =>
    JSON.parse(readFileSync(join(bed.state, "mayfly", `${profile}.json`), "utf8")) as {
      accessToken: string;
      expiresAt: number;
    };

  it("signs in with a browser on this machine, and nobody else's answer is taken", async () => {
    const running = bed.start(["login", "--profile", "rosa", "--browser"], nobody);
    await running.says("Waiting for your browser");
    const [, url = ""] = /open (\S+)/.exec(running.stderr()) ?? [];
    const asked = new URL(url).searchParams;
    expect(asked.get("redirect_uri")).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/);
    expect([asked.get("code_challenge_method"), asked.get("response_type")]).toEqual(["S256", "code"]);
    const back = new URL(await okta.signIn(url, "rita@example.com"));
    const forged = new URL(back);
    forged.searchParams.set("state", "another");
    expect((await fetch(forged)).status).toBe(404);
    const page = await fetch(back);
    expect([page.status, (await page.text()).includes("You are signed in")]).toEqual([200, true]);
    const ran = await running.done;
    expect(ran.stderr).toContain("as rita@example.com (person; groups support-leads, roles reviewer)");
    expect(statSync(join(bed.state, "mayfly", "rosa.json")).mode & 0o777).toBe(0o600);
    expect(ran.stdout + ran.stderr).not.toContain(saved("rosa").accessToken);
  });

  it("is told when an answer comes from another authorization server (mix-up)", async () => {
    const running = bed.start(["login", "--profile", "mixed", "--browser"], nobody);
    await running.says("Waiting for your browser");
    const [, url = ""] = /open (\S+)/.exec(running.stderr()) ?? [];
    const back = new URL(await okta.signIn(url, "rita@example.com"));
    back.searchParams.set("iss", "https://evil.example");
    expect((await fetch(back)).status).toBe(400);
    const ran = await running.done;
    expect([ran.code, ran.stderr.includes("did not succeed")]).toEqual([5, true]);
  });

  it("gets a fresh token by itself, once, when the gateway calls theirs too old to decide by", async () => {
    const before = saved("rosa").accessToken;
    const asked = await bed.run(
      ["request", "orders-db/refund-order", "--reason", "TICKET-1", "--json"],
      nobody,
    );
    const { id } = JSON.parse(asked.stdout) as { id: string };
    const approve = ["approve", id, "--profile", "rosa", "--yes"];
    stale = 1;
    const ran = await bed.run(approve, nobody);
    expect(saved("rosa").accessToken).not.toBe(before);
    expect(ran.stderr).not.toContain("too old");
    stale = 2;
    const again = await bed.run(approve, nobody);
    stale = 0;
    expect([again.code, again.stderr]).toEqual([
      5,
      "mayfly: the access token is too old\nhint: get a fresh one\n",
    ]);
  });

  it("cannot be asked for two ways at once", async () => {
    const ran = await bed.run(["login", "--device", "--browser"], nobody);
    expect([ran.code, ran.stderr.includes("cannot be used with")]).toEqual([2, true]);
    expect((await bed.run(["login", "--browser", "--redirect-port", "99999"], nobody)).code).toBe(2);
  });
});
