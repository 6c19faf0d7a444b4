// tier: full
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type OktaStandIn, startOktaStandIn } from "@mayfly/okta-stand-in";
import type { JWK } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDpop, type Dpop, identityTrusting, systemClock } from "@mayfly/testing/identity.ts";
import { mayflyBin, type Ran, testBed, type TestBed } from "./testing/cli.ts";

// Service apps and registered AI agents against the stand-in for Okta: keys that `mayfly agent keygen` made, both exchanges,
// and each of Okta's refusals in the order in which one meets them.

const resource = "https://mayfly.example.com";
const nobody = { MAYFLY_TOKEN: "" };

let folder: string;
let okta: OktaStandIn;
let bed: TestBed;

const path = (name: string): string => join(folder, name);

/** Makes a key with the command, as an operator does. @returns what is pasted into Okta */
function keygen(name: string, ...more: string[]): JWK {
  const made = spawnSync(
    process.execPath,
    [mayflyBin, "agent", "keygen", "--out", path(`${name}.pem`), ...more],
    { encoding: "utf8" },
  );
  expect(made.status).toBe(0);
  expect(made.stderr).toContain("Paste the public key (standard output) in Okta:\n");
  expect(made.stderr).toContain("Client registration");
  return JSON.parse(made.stdout) as JWK;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "mayfly-agents-"));
  const [agent, service, second] = [keygen("agent"), keygen("service"), keygen("second", "--alg", "ES256")];
  const ready = {
    keys: [agent],
    connections: [{ resource, scopes: ["mayfly"] }],
    userAccess: { people: ["rosa@example.com"] },
  };
  okta = await startOktaStandIn({
    agents: [
      // As Okta makes an app today.
      { clientId: "0oaservice", keys: [service], dpop: true },
      { clientId: "0oacaller", keys: [service] },
    ],
    people: [
      { login: "rosa@example.com", name: "Rosa", groups: ["support-leads"], uid: "00uRosa" },
      { login: "otto@example.com", name: "Otto", groups: [], uid: "00uOtto" },
    ],
    registeredAgents: [
      { ...ready, clientId: "wlpagent", machineAccess: { callers: ["0oacaller"] } },
      {
        ...ready,
        clientId: "wlpsecond",
        keys: [second],
        machineAccess: { callers: ["wlpagent"], audience: resource },
      },
      { ...ready, clientId: "wlpstaged", status: "STAGED" },
      { ...ready, clientId: "wlpnopolicy", allowedByPolicy: false },
      { ...ready, clientId: "wlpnoconnection", connections: [] },
      { ...ready, clientId: "wlpgone" },
    ],
  });
  // What it is made for is known when the gateway has its port.
  let dpop: Dpop | undefined;
  const made = (): Dpop => (dpop ??= createDpop({ clock: systemClock, url: bed.url, isShared: false }));
  bed = await testBed({
    issuers: [okta.issuer],
    dpop: { isRequired: false, nonceFor: (shown) => made().nonceFor(shown) },
    identity: identityTrusting(okta, {
      directory: new Map([
        ["0oaservice", { name: "support-bot", groups: ["support-agents"] }],
        ["wlpagent", { name: "incident-bot", owner: "otto@example.com", groups: ["support-agents"] }],
      ]),
      provider: { audiences: [okta.audience, resource] },
      dpop: {
        askIssuer: (token, shown) => made().askIssuer(token, shown),
        consume: (proof) => made().consume(proof),
        check: (token, shown) => made().check(token, shown),
        nonceFor: (shown) => made().nonceFor(shown),
        get loans() {
          return made().loans;
        },
      },
    }),
  });
});
afterAll(async () => {
  await bed.close();
  await okta.close();
  rmSync(folder, { recursive: true });
});

const login = (profile: string, ...more: string[]): string[] => ["login", "--profile", profile, ...more];
const asAgent = (id = "wlpagent", key = "agent"): string[] => [
  "--agent",
  id,
  "--key",
  path(`${key}.pem`),
  "--resource",
  resource,
];

interface Kept {
  readonly accessToken: string;
  readonly expiresAt: number;
  readonly isBound?: boolean;
  readonly agent?: { readonly person?: { readonly idToken?: string } };
}

const file = (profile: string): string => join(bed.state, "mayfly", `${profile}.json`);
const kept = (profile: string): Kept => JSON.parse(readFileSync(file(profile), "utf8")) as Kept;
function change(profile: string, changed: (saved: Kept) => Kept): void {
  writeFileSync(file(profile), JSON.stringify(changed(kept(profile))));
  chmodSync(file(profile), 0o600);
}

/** An ID token of the org's for somebody, of an app, as if they had signed in there. */
async function idToken(app: string, sub = "00uRosa", life = 3600): Promise<string> {
  const iat = Math.floor(Date.now() / 1000);
  const token = await okta.mint({ iss: okta.orgIssuer, aud: app, sub, iat, exp: iat + life, jti: "ID.x" });
  writeFileSync(path("id.jwt"), token);
  return path("id.jwt");
}

describe("a service app as Okta makes it, with DPoP", () => {
  it("logs in with the key that keygen made, and goes on with the same binding", async () => {
    const ran = await bed.run(
      login("service", "--client-id", "0oaservice", "--key", path("service.pem")),
      nobody,
    );
    expect(ran.stderr).toBe(`Logged in to ${bed.url} as support-bot (agent; groups support-agents).\n`);
    expect(kept("service").isBound).toBe(true);
    expect(statSync(path("service.pem")).mode & 0o777).toBe(0o600);
    expect((await bed.run(["whoami", "--profile", "service"], nobody)).stdout).toContain(
      "agent     support-bot, client 0oaservice",
    );
    const before = kept("service").accessToken;
    change("service", (saved) => ({ ...saved, expiresAt: Date.now() + 1000 }));
    const run = ["run", "orders-db/read-orders", "--profile", "service", "--reason", "x", "--", "true"];
    expect((await bed.run(run, nobody)).code).toBe(0);
    expect(kept("service").accessToken).not.toBe(before);
  });
});

describe("a registered agent for a person", () => {
  it.each(["device", "browser"] as const)("by signing in with a %s", async (way) => {
    const running = bed.start(login(way, ...asAgent(), "--person", way), nobody);
    await running.says("Waiting");
    const [, url = ""] = /open (\S+)/.exec(running.stderr()) ?? [];
    const back = await okta.signIn(url, "rosa@example.com");
    if (way === "browser") await fetch(back);
    const ran = await running.done;
    expect(ran.stderr).toContain(`as incident-bot (agent for rosa@example.com; groups support-agents).`);
    const { stdout } = await bed.run(["whoami", "--profile", way], nobody);
    expect(stdout).toMatch(/agent +incident-bot, client wlpagent\nfor +rosa@example\.com \(person\)\n/);
    // What is hers is not the agent's.
    expect(stdout).not.toContain("support-leads");
  });

  it("gets its next token by both exchanges while a command runs, with a fresh ID token by the refresh token", async () => {
    const before = kept("device");
    const old = Buffer.from(JSON.stringify({ sub: "00uRosa", exp: 1 })).toString("base64url");
    change("device", (saved) => ({
      ...saved,
      expiresAt: Date.now() + 1000,
      agent: { ...saved.agent, person: { ...saved.agent?.person, idToken: `e30.${old}.c2ln` } },
    }));
    const inside = `${process.execPath} ${mayflyBin} whoami --profile device --json`;
    const run = [
      "run",
      "orders-db/read-orders",
      "--profile",
      "device",
      "--reason",
      "x",
      "--",
      "sh",
      "-c",
      inside,
    ];
    const ran = await bed.run(run, nobody);
    expect([ran.code, ran.stdout.includes("incident-bot")]).toEqual([0, true]);
    expect(kept("device").accessToken).not.toBe(before.accessToken);
    expect(kept("device").agent?.person?.idToken).toMatch(/^eyJ/);
  });

  it("whose ID token is in a file that somebody else keeps fresh", async () => {
    const ran = await bed.run(login("file", ...asAgent(), "--id-token", await idToken("wlpagent")), nobody);
    expect(ran.stderr).toContain("(agent for rosa@example.com;");
    const before = kept("file").accessToken;
    change("file", (saved) => ({ ...saved, expiresAt: Date.now() + 1000 }));
    expect((await bed.run(["operations", "--profile", "file"], nobody)).code).toBe(0);
    expect(kept("file").accessToken).not.toBe(before);
  });
});

describe("a registered agent for a machine", () => {
  it("that calls it with a key of its own", async () => {
    const caller = ["--caller", "0oacaller", "--caller-key", path("service.pem")];
    const ran = await bed.run(login("machine", ...asAgent(), ...caller), nobody);
    expect(ran.stderr).toContain("as incident-bot (agent for 0oacaller; groups support-agents).");
    expect((await bed.run(["whoami", "--profile", "machine"], nobody)).stdout).toMatch(
      /for +0oacaller \(machine\)/,
    );
  });

  it("that is another agent, for a person", async () => {
    const caller = ["--caller", "wlpagent", "--caller-key", path("agent.pem"), "--caller-resource", resource];
    const person = ["--id-token", await idToken("wlpagent")];
    const ran = await bed.run(
      login("chain", ...asAgent("wlpsecond", "second"), ...caller, ...person),
      nobody,
    );
    expect(ran.stderr).toContain("(agent for rosa@example.com; no groups)");
    expect(ran.stderr).toContain("identity.agents.directory");
    const { stdout } = await bed.run(["whoami", "--profile", "chain"], nobody);
    expect(stdout).toMatch(/called by +wlpagent/);
  });
});

/** What is asked for, and what the refusal says to change; in the order in which one meets them. */
const refusals: readonly [why: string, args: () => Promise<string[]>, says: RegExp][] = [
  [
    "the client is no registered agent",
    async () => [...asAgent("0oacaller", "service"), "--id-token", await idToken("0oacaller")],
    /Directory > AI agents/,
  ],
  [
    "the ID token is of another app",
    async () => [...asAgent(), "--id-token", await idToken("0oaother")],
    /no delegation policy[\s\S]*User access: link the OIDC app/,
  ],
  [
    "the caller is not named",
    async () => [...asAgent("wlpgone"), "--caller", "0oacaller", "--caller-key", path("service.pem")],
    /no delegation policy[\s\S]*Machine access > Add caller/,
  ],
  [
    "the person is not assigned",
    async () => [...asAgent(), "--id-token", await idToken("wlpagent", "00uOtto")],
    /not assigned[\s\S]*Assignments: assign the person/,
  ],
  [
    "the scope is not in the connection",
    async () => [...asAgent(), "--scope", "admin", "--id-token", await idToken("wlpagent")],
    /invalid_scope[\s\S]*list 'admin' under Only allow/,
  ],
  [
    "there is no connection",
    async () => [...asAgent("wlpnoconnection"), "--id-token", await idToken("wlpnoconnection")],
    /invalid_target[\s\S]*the connection must be ACTIVE/,
  ],
  [
    "the resource is not byte for byte the connection's",
    async () => [...asAgent().slice(0, -1), `${resource}/`, "--id-token", await idToken("wlpagent")],
    /invalid_target[\s\S]*byte for byte 'https:\/\/mayfly\.example\.com\/'/,
  ],
  [
    "no access policy names the agent",
    async () => [...asAgent("wlpnopolicy"), "--id-token", await idToken("wlpnopolicy")],
    /access_denied[\s\S]*tick the grant type JWT Bearer/,
  ],
  [
    "the agent is staged",
    async () => [...asAgent("wlpstaged"), "--id-token", await idToken("wlpstaged")],
    /must be ACTIVE[\s\S]*choose Activate/,
  ],
  [
    "the key is another",
    async () => [...asAgent("wlpagent", "service"), "--id-token", await idToken("wlpagent")],
    /under Client registration the key/,
  ],
  [
    "the ID token is too old",
    async () => [...asAgent(), "--id-token", await idToken("wlpagent", "00uRosa", -60)],
    /ID token/,
  ],
];

describe("a refusal says what to change in Okta", () => {
  it.each(refusals)("%s", async (_, args, says) => {
    const ran = await bed.run(login("refused", ...(await args())), nobody);
    expect([ran.code, ran.stdout]).toEqual([5, ""]);
    expect(ran.stderr).toMatch(says);
    expectNoSecrets(ran);
  });

  it("the agent is deactivated while it works: the next token is refused", async () => {
    const args = [...asAgent("wlpgone"), "--id-token", await idToken("wlpgone")];
    expect((await bed.run(login("gone", ...args), nobody)).code).toBe(0);
    okta.agents.setStatus("wlpgone", "INACTIVE");
    change("gone", (saved) => ({ ...saved, expiresAt: Date.now() + 1000 }));
    const ran = await bed.run(["operations", "--profile", "gone"], nobody);
    expect(ran.code).toBe(5);
    expect(ran.stderr).toMatch(/wlpgone[\s\S]*must be ACTIVE/);
    expectNoSecrets(ran);
  });
});

function expectNoSecrets({ stderr }: Ran): void {
  expect(stderr).not.toMatch(/eyJ|PRIVATE KEY/);
  for (const key of ["agent", "service", "second"])
    expect(stderr).not.toContain(readFileSync(path(`${key}.pem`), "utf8").split("\n")[3]);
}
