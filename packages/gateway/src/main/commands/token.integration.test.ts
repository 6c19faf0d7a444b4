// tier: full
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startOktaStandIn, type OktaStandIn } from "@mayfly/okta-stand-in";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { askToken, clientKey } from "../../../../okta-stand-in/src/testing/client.ts";
import { idTokenFor } from "../../../../okta-stand-in/src/testing/sign-in-to-agent.ts";
import { token } from "./token.ts";

// The command on every form of token that Okta issues, from the stand-in's own endpoints where it serves that form.

const gateway = "https://mayfly.example.com";
const { key, publicKey } = await clientKey();
const agent = { clientId: "wlpAgent", key };
const service = { clientId: "0oaService", key };
const typed = (kind: string): string => `urn:ietf:params:oauth:token-type:${kind}`;
const secret = { clientId: "0oaGateway", clientSecret: "an introspection secret" };

let okta: OktaStandIn;
let folder: string;
let config: string;
beforeAll(async () => {
  okta = await startOktaStandIn({
    agents: [{ clientId: "0oaService", keys: [publicKey], resources: [gateway] }],
    people: [{ login: "rosa@example.com", name: "Rosa", groups: ["sre"], uid: "00uRosa" }],
    registeredAgents: [
      {
        clientId: "wlpAgent",
        keys: [publicKey],
        userAccess: { people: ["rosa@example.com"] },
        machineAccess: { callers: ["0oaService"] },
        connections: [{ resource: gateway, scopes: ["mayfly"] }],
      },
    ],
    introspection: secret,
  });
  folder = mkdtempSync(join(tmpdir(), "mayfly-token-"));
  config = join(folder, "mayfly.yaml");
  writeFileSync(
    config,
    `url: ${gateway}
identity:
  agents:
    issuer: ${okta.issuer}
    audience: [${okta.audience}, ${gateway}]
    allow_insecure_loopback: true
    introspection: { client_id: 0oaGateway, client_secret: { env: TOKEN_TEST_SECRET }, every: 1m }
    directory:
      wlpAgent: { name: support-bot, owner: rosa@example.com, groups: [support-agents] }
      0oaService: { name: batch, groups: [batch-jobs] }
  people: { clients: [${okta.peopleClient}] }
  roles: { reviewer: [sre] }
connections:
  billing-api:
    http: { url: https://billing.internal }
    operations:
      read-invoice: { description: Read one invoice, requests: ["GET /v1/invoices/{id}"] }
      refund: { description: Pay an invoice back, risk: high, requests: [POST /v1/refunds] }
policies:
  - { name: support agents read invoices, groups: [support-agents], connection: billing-api, operations: [read-invoice], ttl: 5m }
  - name: a refund needs a person
    groups: [support-agents]
    connection: billing-api
    operations: [refund]
    ttl: 5m
    approval: { by: [sre] }
`,
  );
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await okta.close();
});

interface Told {
  readonly code: number;
  readonly text: string;
  readonly json: {
    readonly accepted: boolean;
    readonly kind: string;
    readonly who?: Record<string, unknown>;
    readonly requestable?: readonly {
      readonly operation: string;
      readonly terms: { readonly approval?: object };
    }[];
    readonly hints: readonly string[];
    readonly checks: readonly { readonly name: string; readonly state: string }[];
  };
}

/** Runs the command on a token, for people and for machines. */
async function explained(text: string, offline = false): Promise<Told> {
  const file = join(folder, "token.txt");
  writeFileSync(file, text);
  const said: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((line: unknown) => void said.push(String(line)));
  try {
    const code = await token(file, { config, json: true, offline });
    expect(await token(file, { config, json: false, offline })).toBe(code);
    const [json = "", shown = ""] = said;
    for (const part of text.split(".")) expect(json + shown).not.toContain(part);
    return { code, text: shown, json: JSON.parse(json) as Told["json"] };
  } finally {
    log.mockRestore();
  }
}

async function idJag(subject: string, kind: "id_token" | "access_token"): Promise<string> {
  const { body } = await askToken(okta.orgTokenEndpoint, agent, {
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    requested_token_type: typed("id-jag"),
    subject_token: subject,
    subject_token_type: typed(kind),
    audience: okta.issuer,
    resource: gateway,
    scope: "mayfly",
  });
  return body.access_token;
}

async function redeemed(assertion: string): Promise<string> {
  const grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
  return (await askToken(okta.tokenEndpoint, agent, { grant_type: grant, assertion })).body.access_token;
}

async function serviceToken(more: Record<string, string> = {}): Promise<string> {
  const form = { grant_type: "client_credentials", scope: "mayfly", ...more };
  return (await askToken(okta.tokenEndpoint, service, form)).body.access_token;
}

const ofRosa = { subject: "rosa@example.com", uid: "00uRosa" };
const acting = (sub: string, sub_profile = "ai_agent web_app"): object => ({ act: { sub, sub_profile } });
const forRosa = (client: string, claims: object = {}): Promise<string> =>
  okta.tokenFor({ person: "rosa@example.com", client }, { aud: gateway, ...claims });

const rows: readonly [
  form: string,
  make: () => Promise<string>,
  who: object,
  requestable: readonly string[],
][] = [
  [
    "a registered agent for a person, by both exchanges",
    async () => redeemed(await idJag(await idTokenFor(okta, agent, "rosa@example.com"), "id_token")),
    { kind: "agent", client: "wlpAgent", name: "support-bot", person: ofRosa, groups_from: "directory" },
    ["read-invoice", "refund"],
  ],
  [
    "the same with a linked app of its own",
    () =>
      forRosa("wlpAgent", {
        act: { sub: "wlpAgent", sub_profile: "ai_agent", act: { sub: "0oaApp", sub_profile: "web_app" } },
      }),
    { client: "wlpAgent", person: ofRosa, actors: ["wlpAgent", "0oaApp"] },
    ["read-invoice", "refund"],
  ],
  [
    "a registered agent for the service app that calls it, as documented",
    async () => redeemed(await idJag(await serviceToken(), "access_token")),
    { kind: "agent", client: "wlpAgent", subject: "0oaService", groups: ["support-agents"] },
    ["read-invoice", "refund"],
  ],
  [
    "the same as it is observed",
    () =>
      okta.tokenFor(
        { agent: "wlpAgent", service: "0oaService" },
        { cid: "wlpAgent", scp: ["mayfly"], scope: undefined, aud: gateway },
      ),
    { kind: "agent", client: "wlpAgent", subject: "0oaService" },
    ["read-invoice", "refund"],
  ],
  [
    "an agent that another agent calls",
    () =>
      forRosa("wlpSecond", {
        act: { sub: "wlpSecond", sub_profile: "ai_agent", act: { sub: "wlpAgent", sub_profile: "ai_agent" } },
      }),
    { client: "wlpSecond", name: "wlpSecond", person: ofRosa, groups: [], actors: ["wlpSecond", "wlpAgent"] },
    [],
  ],
  [
    "an MCP server that calls further, without act",
    () => forRosa("wlpMcp"),
    { kind: "agent", client: "wlpMcp", person: ofRosa },
    [],
  ],
  [
    "a service app at a resource",
    () => serviceToken({ resource: gateway }),
    { kind: "agent", client: "0oaService", groups: ["batch-jobs"] },
    [],
  ],
  [
    "a sign-in to the agent's linked app",
    () => forRosa("0oaBound", acting("0oaBound")),
    { kind: "agent", client: "0oaBound", person: ofRosa },
    [],
  ],
  [
    "a third-party agent",
    () => forRosa("0oazteX", acting("0oazteX", "ai_agent")),
    { client: "0oazteX", person: ofRosa },
    [],
  ],
  [
    "an agent named by its metadata's URL",
    () => forRosa("https://agent.example/client.json", acting("https://agent.example/client.json")),
    { client: "https://agent.example/client.json" },
    [],
  ],
  [
    "a person",
    () => okta.tokenFor({ person: "rosa@example.com" }),
    { kind: "person", ...ofRosa, groups: ["sre"], groups_from: "token", roles: ["reviewer"] },
    [],
  ],
];

test.each(rows)("%s is accepted and explained", async (_, make, who, requestable) => {
  const { code, text, json } = await explained(await make());
  expect(json.checks.filter(({ state }) => state !== "passes")).toEqual([]);
  expect([code, json.accepted, json.kind]).toEqual([0, true, "access_token"]);
  expect(json.who).toMatchObject(who);
  expect(json.requestable?.map(({ operation }) => operation)).toEqual(requestable);
  expect(text).toMatch(/^Accepted: /);
});

test("says which operations ask for an approval", async () => {
  const { text, json } = await explained(
    await okta.tokenFor({ agent: "wlpAgent", person: "rosa@example.com" }),
  );
  expect(json.requestable?.map(({ terms }) => terms.approval !== undefined)).toEqual([false, true]);
  expect(text).toContain("billing-api/refund        at most 5m, after one approval by sre");
  expect(text).toContain("acts for         rosa@example.com (person, 00uRosa)");
  expect(text).toContain("groups           support-agents (from the directory)");
});

test.each<[string, () => Promise<string>, string, RegExp]>([
  [
    "an ID token",
    () => idTokenFor(okta, agent, "rosa@example.com"),
    "id_token",
    /access_token of the same answer/,
  ],
  [
    "an ID-JAG",
    async () => idJag(await idTokenFor(okta, agent, "rosa@example.com"), "id_token"),
    "id_jag",
    /half way/,
  ],
  [
    "a token for another audience",
    () => serviceToken().then(() => okta.tokenFor({ agent: "0oaService" }, { aud: "api://default" })),
    "access_token",
    /Settings > Audience/,
  ],
])("%s is refused, with what to change", async (_, make, kind, hint) => {
  const { code, text, json } = await explained(await make());
  expect([code, json.accepted, json.kind]).toEqual([1, false, kind]);
  expect(json.hints.join("\n")).toMatch(hint);
  expect(json.requestable).toBeUndefined();
  expect(text).toMatch(/^Refused: [\s\S]*To change/);
});

test("asks Okta whether a token is still active where introspection is configured and its secret is here", async () => {
  const made = await serviceToken();
  const active = ({ json }: Told): unknown => json.checks.find(({ name }) => name === "active")?.state;
  expect(active(await explained(made))).toBeUndefined();
  vi.stubEnv("TOKEN_TEST_SECRET", secret.clientSecret);
  try {
    expect(active(await explained(made))).toBe("passes");
    await okta.revoke(made);
    const { code, text } = await explained(made);
    expect([code, text.includes("Reports > System Log")]).toEqual([1, true]);
  } finally {
    vi.unstubAllEnvs();
  }
});

test("offline it fetches nothing and proves nothing", async () => {
  const made = await serviceToken();
  const before = okta.hits.get("/v1/keys") ?? 0;
  const { code, text } = await explained(`${made.split(".").slice(0, 2).join(".")}.AAAA`, true);
  expect([code, okta.hits.get("/v1/keys") ?? 0]).toEqual([0, before]);
  expect(text).toContain("that was not checked, and anybody can write such claims");
});

/** The command as a program. */
async function run(
  args: readonly string[],
  input = "",
): Promise<{ code: number | null; out: string; err: string }> {
  const bin = new URL("../mayflyd.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [bin, "token", "-c", config, ...args], { stdio: "pipe" });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve) => {
    child.on("close", resolve);
  });
  return { code, out, err };
}

test("takes standard input, with whatever stands around the token", async () => {
  const made = await serviceToken();
  const ran = await run([], `Authorization: Bearer "${made.slice(0, 60)}\n  ${made.slice(60)}"\n`);
  expect([ran.code, ran.err]).toEqual([0, ""]);
  expect(ran.out).toContain("batch, client 0oaService");
});

test("wrong usage is told from a refusal, and nothing of the input is repeated", async () => {
  const long = join(folder, "long.txt");
  writeFileSync(long, "secret".repeat(20_000));
  for (const [args, words] of [
    [[join(folder, "absent.txt")], /cannot be read: ENOENT/],
    [[long], /longer than 64 KiB/],
    [["--no-such"], /unknown option/],
  ] as const) {
    const ran = await run(args);
    expect([ran.code, ran.out]).toEqual([2, ""]);
    expect(ran.err).toMatch(words);
    expect(ran.err).not.toContain("secretsecret");
  }
  expect(await run([], " \n")).toMatchObject({ code: 2 });
  const garbage = await run([], "hVpeT3mIyTR5refresh");
  expect([garbage.code, garbage.err]).toEqual([1, ""]);
  expect(garbage.out).not.toContain("hVpeT3mIyTR5");
});
