import { generateKeyPairSync } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { Command } from "commander";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { makeEmptyLog } from "@mayfly/testing/audit-log.ts";
import { UNSEEN } from "@mayfly/sdk/recordings";
import { freePort } from "@mayfly/testing/ports.ts";
import { errorText } from "./exit.ts";
import { writeProfile } from "./profile.ts";
import { program } from "./program.ts";

// Every option of every command does something that can be seen from outside: it is sent, or it changes what is
// printed. An option that gets lost on its way is found here.

interface Row {
  /** Beside the option, as `args` of the command. */
  readonly args?: readonly string[];
  /** The option's value, where it takes one. */
  readonly value?: string;
  /** Found in what the command sent and said with the option, and not without it. */
  readonly sees: RegExp;
  /** Without a token in the environment: the saved login counts. */
  readonly saved?: true;
  /** Standard input. */
  readonly input?: string;
  /** A browser is on this machine. */
  readonly here?: true;
  /** The command goes on for as long as somebody waits: it is left once it has said this. */
  readonly ends?: RegExp;
}

/** No browser is opened here, whatever the machine has. */
const browser = vi.hoisted(() => ({ isHere: (): boolean => false }));
vi.mock("./open-browser.ts", () => ({ hasBrowser: () => browser.isHere(), openBrowser: () => undefined }));

/** Nothing of this machine is tried: the one way there is shows how long it may take. */
vi.mock("./probe/ways/host.ts", () => ({
  waysOfHost: ({ ms }: { ms: number }) => [
    {
      kind: "metadata",
      to: "169.254.169.254:80",
      by: "cloud metadata",
      credentials: [],
      run: () => Promise.resolve({ found: "refused", detail: `in ${ms} ms` }),
    },
  ],
}));

/** No sandbox is made here: that one is asked for is seen. */
vi.mock("./sandbox/start.ts", () => ({
  prepareSandbox: () => Promise.reject(new Error("a sandbox is asked for")),
}));

let folder: string;
let server: Server;
let url: string;
let seen: string[];
/** What the command itself wrote to standard output and error. */
let said: string[];
let auditLog: string;
let verifierKey: string;
const at = "2026-01-01T00:00:00Z";
const request = {
  id: "req_000000000000000a",
  digest: "sha256:d",
  state: "pending",
  operations: [],
  requester: { kind: "agent", name: "bot", actors: [], groups: [] },
  reasons: [],
  policies: [],
  approvals: [],
  history: [],
  ttl_seconds: 60,
  connection: "orders-db",
  reason: "R",
  created_at: at,
};
const grant = {
  id: "gr_000000000000000a",
  state: "active",
  operations: ["orders-db/read"],
  requester: { ...request.requester, issuer: "i", subject: "s", client: "c" },
  connection: "orders-db",
  activated_at: at,
  ends_at: at,
  access: { protocol: "kubernetes", env: {}, kubeconfig: "apiVersion: v1\nkind: Config\n" },
};
const record = {
  seq: 1,
  time: at,
  type: "request.created",
  principal: { name: "bot" },
  connection: "orders-db",
  detail: { reason: "words" },
};
/** An exec with a recording, newest record first. */
const part = (digit: string): object => ({ parts: [{ bytes: 1, payload: `sha256:${digit.repeat(64)}` }] });
const recording = { format: "asciicast-v2", output: part("a"), input: part("b") };
const execRecords = [
  { seq: 3, time: at, type: "act.outcome", detail: { intent: 2, status: 0, more: { recording } } },
  { seq: 2, time: at, type: "act.intent", detail: { act: { verb: "create", resource: "pods" } } },
];
const cast = `{"version":2,"width":80,"height":24,"title":"sh"}\n[0.1,"o","\\u001b]0;title\\u0007shown"]\n[0.2,"i","typed"]\n`;
const offer = {
  name: "orders-db/read",
  description: "words",
  risk: "low",
  scope: ["select on public.orders"],
  conditions: [],
  requestable: true,
};
const person = { kind: "person", name: "rosa", groups: ["sre"], roles: ["reviewer"], token_expires_at: at };

const probedHost = {
  probe: "pr_000000000000000a",
  host: "support-1",
  address: "10.0.0.7",
  principal: { kind: "agent", name: "bot", actors: [], groups: [] },
  offered_by: "olga",
  probed_at: at,
  verdict: "undecided",
  connections: [
    { connection: "orders-db", verdict: "undecided", open: [], undecided: ["it is away"], probed_at: at },
  ],
  open: ["container engine: /run/engine.sock"],
  undecided: ["proxy: 1 more"],
  credentials: [{ kind: "ssh", place: "/home/bot/.ssh/id", name: "a key" }],
};
const probeTask = {
  probe: "pr_000000000000000a",
  nonce: "n",
  report_by: at,
  gateway: { host: "mayfly.invalid", port: 1, ports: [1] },
  targets: [],
};
const probeOffer = { probe: "pr_000000000000000a", token: "t", expires_at: at, connections: ["orders-db"] };

/** A stand-in for the gateway and its provider: answers each path with one thing, and remembers what was asked. */
function answerTo(path: string): object | string {
  const answers: readonly (readonly [RegExp, object | string])[] = [
    [/^\/v1\/me/, person],
    [/^\/v1\/operations/, { operations: [offer] }],
    [/^\/v1\/inbox/, { waiting: [], more: false }],
    [/^\/v1\/requests\/req_000000000000000a\/(?:approve|refuse|review)/, { ...request, state: "approved" }],
    [/^\/v1\/requests\/req_000000000000000a\?wait/, { ...request, state: "refused" }],
    [/^\/v1\/requests/, { ...request, requests: [request] }],
    [/^\/v1\/grants\/revoke/, { revoked: 0 }],
    [/^\/v1\/grants\/gr_000000000000000a/, grant],
    [/^\/v1\/grants/, { grants: path.includes("all=true") && path.includes("state=active") ? [] : [grant] }],
    [/^\/v1\/live/, { grants: [] }],
    [/^\/v1\/lockdown/, { locked: false }],
    [/^\/v1\/probes\/start/, probeTask],
    [/^\/v1\/probes\/report/, probedHost],
    [/^\/v1\/probes/, { ...probeOffer, hosts: [probedHost] }],
    [/^\/v1\/audit\/export/, `${JSON.stringify(record)}\n`],
    [/^\/v1\/audit\/payloads/, cast],
    [/^\/v1\/audit\/records\?.*session=ses_000000000000000a/, { records: execRecords }],
    [/^\/v1\/audit\/logs\/retire/, { log: "gateway-2", records: 1 }],
    [/^\/v1\/audit\/logs/, { logs: [], note: "mayfly-logs\n", key: "m+1+A" }],
    [/^\/v1\/audit/, { records: [record] }],
    [/^\/v1\/events/, ""],
    [/oauth-protected-resource/, { authorization_servers: [`${url}/issuer`] }],
    [
      /well-known/,
      {
        issuer: `${url}/${path.includes("other") ? "other" : "issuer"}`,
        token_endpoint: `${url}/token`,
        device_authorization_endpoint: `${url}/device`,
        authorization_endpoint: `${url}/authorize`,
      },
    ],
    [/^\/token/, { access_token: "token", token_type: "Bearer", expires_in: 60 }],
  ];
  return answers.find(([pattern]) => pattern.test(path))?.[1] ?? {};
}

/** What others wrote into every text of an answer; empty: nothing. */
let foreign = "";
/** Members that a client reads by their form. */
const formed =
  /^(?:id|digest|state|kind|type|decision|protocol|risk|format|time|payload|log|key|.*_at|[A-Z_]+)$/;
const tainted = (name: string, value: unknown): unknown =>
  typeof value === "string" && !formed.test(name) ? `${value}${foreign}` : value;

beforeAll(async () => {
  auditLog = mkdtempSync(join(tmpdir(), "mayfly-options-log-"));
  verifierKey = await makeEmptyLog(auditLog);
  server = createServer((asked, response) => {
    let body = "";
    asked.on("data", (chunk: Buffer) => (body += chunk.toString()));
    asked.on("end", () => {
      const path = asked.url ?? "";
      seen.push(`${asked.method ?? ""} ${path} ${body} ${claimsIn(body)}`);
      const answer = answerTo(path);
      const type = path.startsWith("/v1/events") ? "text/event-stream" : "application/json";
      response.writeHead(200, { "content-type": type });
      const isOurs = path.startsWith("/v1/") && foreign !== "";
      const text = typeof answer === "string" ? answer : JSON.stringify(answer, isOurs ? tainted : undefined);
      // A record, as the export has it.
      response.end(
        isOurs && path.includes("export") ? text.replace('"words"', JSON.stringify(foreign)) : text,
      );
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  rmSync(auditLog, { recursive: true });
});

/** What a client assertion in a form says. */
function claimsIn(body: string): string {
  const [header, claims] = (new URLSearchParams(body).get("client_assertion") ?? "").split(".");
  return [header, claims].map((part) => Buffer.from(part ?? "", "base64url").toString()).join(" ");
}

/** An ID token as far as it is looked at before it is sent. */
function idTokenOf(subject: string): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "RS256" })}.${part({ sub: subject, exp: 4e9 })}.c2ln`;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mayfly-options-"));
  vi.stubEnv("XDG_STATE_HOME", folder);
  vi.stubEnv("HOME", folder);
  vi.stubEnv("MAYFLY_URL", url);
  vi.stubEnv("MAYFLY_PROBE_TOKEN", "");
  vi.stubEnv("MAYFLY_CA", "");
  vi.stubEnv("MAYFLY_PROFILE", "");
  writeProfile("default", { url, accessToken: "default-login" });
  writeProfile("other", { url: "http://127.0.0.1:1", accessToken: "other-login" });
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  writeFileSync(join(folder, "key.pem"), privateKey.export({ type: "pkcs8", format: "pem" }));
  writeFileSync(join(folder, "id.jwt"), idTokenOf("rosa"));
  writeFileSync(join(folder, "access.jwt"), "the-callers-token");
  writeFileSync(join(folder, "probe-token"), "pr_000000000000000a.abc\n");
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a command in this process. @returns everything that it sent and said, and the files that it left */
async function run(words: readonly string[], { saved, input, ends }: Row): Promise<string> {
  seen = [];
  rmSync(join(folder, "mayfly", "new.json"), { force: true });
  vi.stubEnv("MAYFLY_TOKEN", saved === true ? "" : "token");
  said = [];
  const say = (text: unknown): boolean => said.push(String(text)) > 0 && seen.push(String(text)) > 0;
  vi.spyOn(process.stdout, "write").mockImplementation(say);
  vi.spyOn(process.stderr, "write").mockImplementation(say);
  const stdin = Readable.from([input ?? ""]);
  vi.spyOn(process, "stdin", "get").mockReturnValue(stdin as typeof process.stdin);
  const before = process.exitCode;
  const cut = words.indexOf("--");
  const listening = process.listeners("SIGINT");
  try {
    const own = cut === -1 ? words : words.slice(0, cut);
    const made = program(cut === -1 ? [] : words.slice(cut + 1));
    await Promise.race([made.parseAsync([...own], { from: "user" }), until(ends ?? /(?!)/)]);
  } catch (error) {
    // As mayfly.ts does.
    say(errorText(error));
  } finally {
    process.exitCode = before;
    // What goes on until Ctrl-C is left behind by no test.
    for (const listener of process.listeners("SIGINT")) if (!listening.includes(listener)) listener("SIGINT");
  }
  const kept = join(folder, "mayfly");
  for (const file of existsSync(kept) ? readdirSync(kept) : [])
    if (file === "new.json" || file === "default.json")
      seen.push(`${file} ${readFileSync(join(kept, file), "utf8")}`);
  return seen.join("\n");
}

/** What goes on until it is stopped is stopped once it has said what it is to say. */
async function until(pattern: RegExp): Promise<void> {
  const running = seen;
  const isOver = (): boolean => running !== seen || pattern.test(running.join("\n"));
  while (!isOver()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const reason = ["--reason", "TICKET-1"];
const narrow = (value: string): Row => ({ value, sees: new RegExp(`^GET [^ ]*=${value}`, "m") });
const narrowing: Readonly<Record<string, Row>> = {
  "--type": narrow("log.opened"),
  "--principal": narrow("rosa"),
  "--connection": narrow("orders-db"),
  "--log": narrow("gateway-1"),
  "--operation": narrow("read"),
  "--request": narrow("req_000000000000000a"),
  "--grant": narrow("gr_000000000000000a"),
  "--session": narrow("ses_000000000000000a"),
  "--decision": narrow("deny"),
  "--text": narrow("words"),
  "--from": { value: "2026-01-01T00:00:00Z", sees: /^GET [^ ]*from=2026-01-01/m },
  "--to": { value: "2026-01-01T00:00:00Z", sees: /^GET [^ ]*to=2026-01-01/m },
};
const piped = { args: ["--token-stdin", "--profile", "new"], input: "a-token" } as const;
const withKey = ["--key", "KEY", "--profile", "new"];
const withKeys = ["--profile", "new", "--agent", "wlp1", "--key", "KEY"];
const withAgent = [...withKeys, "--org", "URL/issuer"];
const forCaller = [...withAgent, "--caller", "0oa1", "--caller-key", "KEY"];
const byBrowser = { args: ["--profile", "new"], ends: /authorize\?|POST \/device/ } as const;

/** Those of every command that lists something. */
const yaml: Row = { value: "yaml", sees: /^(?:- )?[a-z]+: (?:"|\[\])/m };
const again = (path: string): Row => {
  const twice = new RegExp(`GET ${path}[^]*GET ${path}`);
  return { value: "200ms", sees: twice, ends: twice };
};

/** What each command is run with, and what each of its own options is seen by. */
const commands: Readonly<
  Record<string, { args: readonly string[]; options: Readonly<Record<string, Row>> }>
> = {
  login: {
    args: [],
    options: {
      "--url": { ...piped, value: "http://127.0.0.1:1", sees: /cannot reach/ },
      "--ca": { ...piped, value: "/absent.pem", sees: /absent\.pem cannot be read/ },
      "--profile": { args: ["--token-stdin"], input: "a-token", value: "new", sees: /^new\.json/m },
      "--json": { ...piped, sees: /^\{/m },
      "--token-stdin": { args: ["--profile", "new"], input: "a-token", sees: /a-token/ },
      "--key": { args: ["--profile", "new"], value: "KEY", sees: /client_assertion=/ },
      "--key-id": { args: withKey, value: "kid-7", sees: /kid-7/ },
      "--client-id": { args: withKey, value: "0oa7", sees: /"sub":"0oa7"/ },
      "--issuer": { args: withKey, value: "URL/other", sees: /GET \/other\/\.well-known/ },
      "--scope": { args: withKey, value: "another", sees: /scope=another/ },
      "--resource": { args: withKey, value: "https://m.test/r", sees: /resource=https%3A%2F%2Fm\.test%2Fr/ },
      "--agent": {
        args: ["--profile", "new", "--key", "KEY"],
        value: "wlp1",
        sees: /registered agent|nobody is named/,
      },
      "--org": {
        args: [...withKeys, "--id-token", "FOLDER/id.jwt"],
        value: "URL/other",
        sees: /GET \/other\/\.well-known/,
      },
      "--person": { args: withAgent, value: "device", ends: /POST \/device/, sees: /POST \/device/ },
      "--person-client": {
        args: [...withAgent, "--person", "device"],
        ends: /POST \/device/,
        value: "0oaApp",
        sees: /POST \/device .*client_id=0oaApp/,
      },
      "--person-key": {
        args: [...withAgent, "--person", "device", "--person-client", "0oaApp"],
        ends: /POST \/device/,
        value: "KEY",
        sees: /POST \/device .*"sub":"0oaApp"/,
      },
      "--id-token": { args: withAgent, value: "FOLDER/id.jwt", sees: /subject_token=eyJ/ },
      "--caller": {
        args: [...withAgent, "--caller-key", "KEY"],
        value: "0oa1",
        sees: /grant_type=client_credentials.*"sub":"0oa1"/,
      },
      "--caller-key": {
        args: [...withAgent, "--caller", "0oa1"],
        value: "KEY",
        sees: /grant_type=client_credentials/,
      },
      "--caller-key-id": { args: forCaller, value: "kid-8", sees: /kid-8/ },
      "--caller-scope": { args: forCaller, value: "another", sees: /scope=another/ },
      "--caller-resource": {
        args: forCaller,
        value: "https://agent.test",
        sees: /resource=https%3A%2F%2Fagent\.test/,
      },
      "--access-token": {
        args: withAgent,
        value: "FOLDER/access.jwt",
        sees: /subject_token=the-callers-token/,
      },
      "--device": {
        ...byBrowser,
        args: ["--profile", "new", "--issuer", "URL/issuer"],
        here: true,
        sees: /POST \/device/,
      },
      "--browser": { ...byBrowser, sees: /authorize\?/ },
      "--fresh": { ...byBrowser, args: ["--browser", "--profile", "new"], sees: /max_age=0|prompt=login/ },
      "--redirect-port": {
        ...byBrowser,
        args: ["--browser", "--profile", "new"],
        value: "PORT",
        sees: /127\.0\.0\.1%3A FREE/,
      },
    },
  },
  whoami: { args: [], options: {} },
  "agent keygen": {
    args: ["--out", "FOLDER/made.pem"],
    options: {
      // Never without: a key would lie about where the tests are run.
      "--out": {
        args: ["--out", "FOLDER/first.pem"],
        value: "FOLDER/other.pem",
        sees: /private key is in [^ ]*other\.pem/,
      },
      "--alg": { value: "ES256", sees: /"alg":\s*"ES256"/ },
    },
  },
  logout: {
    args: [],
    options: {
      "--profile": { value: "other", sees: /'other'/ },
      "--json": { sees: /^\{/m },
    },
  },
  operations: {
    args: [],
    options: { "--scope": { sees: /select on public\.orders/ }, "--output": yaml },
  },
  request: {
    args: ["orders-db/read", ...reason],
    options: {
      "--reason": { args: ["orders-db/read"], value: "TICKET-2", sees: /"reason":"TICKET-2"/ },
      "--ttl": { value: "3m", sees: /"ttl":"3m"/ },
      "--break-glass": { sees: /"break_glass":true/ },
      "--wait": { sees: /req_000000000000000a\?wait=/ },
    },
  },
  status: { args: [], options: { "--output": yaml, "--watch": again("/v1/me") } },
  requests: {
    args: [],
    options: {
      "--pending": { sees: /state=pending/ },
      "--to-review": { sees: /all=true&emergencies=unreviewed/ },
      "--output": yaml,
      "--watch": again("/v1/requests"),
    },
  },
  wait: { args: ["req_000000000000000a"], options: {} },
  collect: { args: ["gr_000000000000000a"], options: {} },
  env: { args: ["gr_000000000000000a"], options: {} },
  withdraw: { args: ["req_000000000000000a"], options: {} },
  run: {
    args: ["orders-db/read", ...reason],
    options: {
      "--reason": { args: ["orders-db/read"], value: "TICKET-2", sees: /"reason":"TICKET-2"/ },
      "--ttl": { value: "3m", sees: /"ttl":"3m"/ },
      "--break-glass": { sees: /"break_glass":true/ },
      "--lease": { value: "10s", sees: /"lease":"10s"/ },
      "--no-lease": { sees: /"lease":false/ },
      "--sandbox": { sees: /a sandbox is asked for/ },
      // The request waits: without it the command says for whom.
      "--quiet": { sees: /^(?![\s\S]*waits for)/ },
    },
  },
  // As run, whose options these are; a shell that is given nothing to do.
  connect: {
    args: ["orders-db/read", ...reason],
    options: {
      "--reason": { args: ["orders-db/read"], value: "TICKET-2", sees: /"reason":"TICKET-2"/ },
      "--ttl": { value: "3m", sees: /"ttl":"3m"/ },
      "--break-glass": { sees: /"break_glass":true/ },
      "--lease": { value: "10s", sees: /"lease":"10s"/ },
      "--no-lease": { sees: /"lease":false/ },
      "--sandbox": { sees: /a sandbox is asked for/ },
      "--quiet": { sees: /^(?![\s\S]*waits for)/ },
    },
  },
  kubeconfig: { args: ["orders-db"], options: {} },
  credential: {
    args: [],
    options: {
      "--url": { saved: true, value: "http://elsewhere.test", sees: /not for http:\/\/elsewhere/ },
      "--ca": { saved: true, value: "/absent.pem", sees: /absent\.pem cannot be read/ },
      "--profile": {
        saved: true,
        args: ["--url", "http://127.0.0.1:1"],
        value: "other",
        sees: /other-login/,
      },
    },
  },
  grants: {
    args: [],
    options: {
      "--all": { sees: /all=true/ },
      "--active": { sees: /state=active/ },
      "--output": yaml,
      "--watch": again("/v1/grants"),
    },
  },
  release: { args: ["gr_000000000000000a"], options: {} },
  revoke: {
    args: ["gr_000000000000000a", ...reason],
    options: {
      "--reason": { args: ["gr_000000000000000a"], value: "R2", sees: /"reason":"R2"/ },
      "--agent": { args: reason, value: "bot", sees: /^GET \/v1\/grants/m },
    },
  },
  pending: { args: [], options: { "--output": yaml } },
  show: { args: ["req_000000000000000a"], options: {} },
  approve: {
    args: ["req_000000000000000a", "--yes"],
    options: {
      "--yes": { args: ["req_000000000000000a"], sees: /POST \/v1\/requests\/req_000000000000000a\/approve/ },
      "--comment": { value: "fine", sees: /"comment":"fine"/ },
      "--ttl": { value: "3m", sees: /"ttl":"3m"/ },
      "--only": { value: "orders-db/read", sees: /"operations":\["orders-db\/read"\]/ },
    },
  },
  refuse: {
    args: ["req_000000000000000a", "--yes"],
    options: {
      "--yes": { args: ["req_000000000000000a"], sees: /POST \/v1\/requests\/req_000000000000000a\/refuse/ },
      "--comment": { value: "no", sees: /"comment":"no"/ },
    },
  },
  review: {
    args: ["req_000000000000000a", "--note", "seen"],
    options: { "--note": { args: ["req_000000000000000a"], value: "fine", sees: /"note":"fine"/ } },
  },
  live: { args: [], options: { "--output": yaml, "--watch": again("/v1/live") } },
  lockdown: {
    args: [],
    options: { "--reason": { value: "leak", sees: /PUT .*leak/ }, "--lift": { sees: /^DELETE/m } },
  },
  "probe-token": { args: [], options: {} },
  probe: {
    args: ["--token-file", "FOLDER/probe-token"],
    options: {
      "--token-file": {
        args: [],
        value: "FOLDER/probe-token",
        sees: /POST \/v1\/probes\/start .*pr_000000000000000a\.abc/,
      },
      "--timeout": { value: "7s", sees: /in 7000 ms/ },
    },
  },
  probes: { args: [], options: { "--output": yaml } },
  "audit tail": {
    args: [],
    options: {
      "--lines": { value: "7", sees: /limit=7/ },
      "--follow": { sees: /GET \/v1\/events/, ends: /GET \/v1\/events/ },
    },
  },
  // One more than is shown: whether there are older ones.
  "audit search": { args: [], options: { ...narrowing, "--limit": { value: "7", sees: /limit=8/ } } },
  "audit replay": {
    args: ["ses_000000000000000a"],
    options: {
      "--speed": { value: "2", sees: /at 2×/ },
      "--at": { value: "1:30", sees: /from 1m 30s/ },
      "--max-pause": { value: "2s", sees: /pauses of 2s at most/ },
      "--acts": { sees: /^(?![^]*GET \/v1\/audit\/payloads)/ },
      "--typed": { sees: /payloads\/b{64}/ },
      "--raw": { sees: /\]0;title/ },
    },
  },
  "audit logs": {
    args: [],
    options: { "--output": yaml, "--save": { value: "FOLDER/logs.note", sees: /^wrote .*logs\.note/m } },
  },
  "audit logs retire": {
    args: ["gateway-2", "--reason", "gone"],
    options: { "--reason": { args: ["gateway-2"], value: "INC-12", sees: /POST .*logs\/retire.*INC-12/ } },
  },
  "audit export": {
    args: [],
    options: {
      ...narrowing,
      "--format": { value: "csv", sees: /format=csv/ },
      "--output": { value: "FOLDER/out.jsonl", sees: /^wrote /m },
    },
  },
  "audit verify": {
    args: ["LOG", "--key", "VKEY"],
    options: {
      "--key": { args: ["LOG"], value: "VKEY", sees: /0 problems/ },
      "--checkpoint": { value: "FOLDER/absent.txt", sees: /absent\.txt/ },
      "--witness": { value: "nobodys-word", sees: /nobodys-word/ },
      "--logs": { value: "FOLDER/absent.note", sees: /absent\.note: no such file/ },
      "--archive": { value: "FOLDER/absent", sees: /absent: no such folder/ },
      "--as-archive": { sees: /an archive proves what it holds, records 0 to \d+, and nothing behind it/ },
      "--json": { sees: /^\{/m },
    },
  },
  completion: { args: ["bash"], options: {} },
};

/** Those that every command has in common. */
const common: Readonly<Record<string, Row>> = {
  "--url": { value: "http://127.0.0.1:1", sees: /cannot reach/ },
  "--ca": { value: "/absent.pem", sees: /absent\.pem cannot be read/ },
  "--profile": { saved: true, value: "nobody", sees: /no login is saved as 'nobody'/ },
  "--json": { sees: /^[[{]/m },
};

/** Every command with its options, as declared. */
function declared(command: Command, path = ""): readonly (readonly [command: string, option: string])[] {
  return command.commands.flatMap((sub) => {
    const name = `${path} ${sub.name()}`.trim();
    const own = sub.options.map(({ long }) => [name, long ?? ""] as const);
    return [...own, ...declared(sub, name)];
  });
}

const options = declared(program([]));
const rowOf = (command: string, option: string): Row | undefined =>
  commands[command]?.options[option] ?? common[option];

it("has a row for every option of every command, and for no other", () => {
  expect(options.filter(([command, option]) => rowOf(command, option) === undefined)).toEqual([]);
  const rows = Object.entries(commands).flatMap(([command, { options: own }]) =>
    Object.keys(own).map((option) => `${command} ${option}`),
  );
  expect(rows.filter((row) => !options.some((each) => each.join(" ") === row))).toEqual([]);
});

describe("an option is not lost on its way", () => {
  it.each(options)("mayfly %s %s", async (command, option) => {
    const row = rowOf(command, option);
    if (row === undefined) throw new Error("there is no row");
    const port = String(await freePort());
    const fill = (word: string): string =>
      word
        .replace("LOG", auditLog)
        .replace("VKEY", verifierKey)
        .replace("KEY", join(folder, "key.pem"))
        .replace("URL", url)
        .replace("FOLDER", folder)
        .replace("PORT", port);
    const words = [...command.split(" "), ...(row.args ?? commands[command]?.args ?? [])];
    const behind = command === "run" ? ["--", "true"] : [];
    const sees = new RegExp(row.sees.source.replace(" FREE", port), row.sees.flags);
    const value = row.value === undefined ? [] : [row.value];
    vi.spyOn(browser, "isHere").mockReturnValue(row.here === true);
    expect(await run([...words, option, ...value, ...behind].map(fill), row)).toMatch(sees);
    expect(await run([...words, ...behind].map(fill), row)).not.toMatch(sees);
  });
});

describe("what others wrote acts on no terminal, and is seen", () => {
  const hostile =
    " \u001b]0;t\u0007 \u009b2J \u202e \u200b \u200d \u{e0041} \ufff9 \u2028 \r \0 \ufeff \ue000 \u00ad";
  const unseen = new RegExp(`(?!\\n)${UNSEEN}`, "u");
  /** Writes the log as it is, for a file: its lines are what proofs are about. */
  const exempt = new Set(["audit export"]);
  const forms = [[], ["--json"], ["--output", "yaml"], ["--output", "wide"], ["--acts"], ["--scope"]];
  const isDeclared = (name: string, [option]: readonly string[]): boolean =>
    option === undefined || options.some(([command, each]) => command === name && each === option);
  const runs = Object.entries(commands).flatMap(([name, { args }]) =>
    exempt.has(name)
      ? []
      : forms.filter((form) => isDeclared(name, form)).map((form) => [name, form, args] as const),
  );
  let shown = 0;

  it.each(runs)("mayfly %s %j", async (name, form, args) => {
    foreign = hostile;
    try {
      const fill = (word: string): string =>
        word.replace("LOG", auditLog).replace("VKEY", verifierKey).replace("FOLDER", folder);
      const words = [...name.split(" "), ...args, ...form].map(fill);
      await run([...words, ...(name === "run" ? ["--", "true"] : [])], { sees: /./ });
    } finally {
      foreign = "";
    }
    const text = said.join("");
    expect(unseen.exec(text)?.[0]).toBeUndefined();
    if (text.includes(String.raw`\u202e`)) shown += 1;
  });

  it("mayfly audit export on a terminal", async () => {
    foreign = hostile;
    const { isTTY } = process.stdout;
    process.stdout.isTTY = true;
    try {
      await run(["audit", "export"], { sees: /./ });
    } finally {
      process.stdout.isTTY = isTTY;
      foreign = "";
    }
    expect(unseen.exec(said.join(""))?.[0]).toBeUndefined();
    expect(said.join("")).toContain(String.raw`\u202e`);
  });

  it("and was shown by most commands", () => expect(shown).toBeGreaterThan(40));
});

/** A port that nobody has. */
