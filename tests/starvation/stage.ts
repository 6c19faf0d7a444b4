import { type ChildProcess, fork } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { pinOf } from "../../packages/gateway/src/protocols/mcp/upstream/pins.ts";
import { type Access, getAccess } from "@mayfly/testing/api.ts";
import { startConfiguredGateway } from "@mayfly/testing/configured-gateway.ts";
import type { GatewayProcess } from "@mayfly/testing/gateway.ts";
import { startAll } from "@mayfly/testing/undo.ts";
import { tools } from "./upstream.ts";

/** What an attack is given: where the gateway is, and what the attacker may do there. */
export interface Ground {
  readonly url: string;
  readonly caFile: string;
  /** Access tokens of one agent, all good. */
  readonly tokens: readonly string[];
  /** Grants of that agent on its own connections. */
  readonly http: readonly Access[];
  readonly mcp: readonly Access[];
}

/** A gateway as a process before two agents with a connection and an upstream each. */
export interface Stage {
  readonly gateway: GatewayProcess;
  readonly ground: Ground;
  /** The other agent's way in. */
  readonly calm: Access;
  stop(): Promise<void>;
}

const here = path.dirname(fileURLToPath(import.meta.url));

const schemas: Readonly<Record<string, unknown>> = {
  "unique.json": { type: "array", uniqueItems: true },
  // As many ways to try as a value is deep.
  "branches.json": {
    anyOf: [
      { type: "object", properties: { a: { $ref: "#" } }, required: ["a", "b"] },
      { type: "object", properties: { a: { $ref: "#" } }, required: ["a", "c"] },
      { type: "number" },
    ],
  },
};

function configuration(ports: { calm: number; busy: number }): string {
  const busy = `http://127.0.0.1:${ports.busy}`;
  const pins = JSON.stringify(Object.fromEntries(tools.map((tool) => [tool.name, pinOf({ ...tool })])));
  return `connections:
  busy-api:
    http: { url: "${busy}" }
    operations:
      read: { requests: ["GET /v1/read", "GET /v1/feed", "GET /v1/hang", "GET /v1/drip"] }
      masked: { requests: ["GET /v1/masked"], query: [], response: { mask: [/email] } }
      unique: { requests: ["POST /v1/unique"], body: { schema: unique.json, max: 1MiB } }
      branches: { requests: ["POST /v1/branches"], body: { schema: branches.json, max: 1MiB } }
      plain: { requests: ["POST /v1/plain"], body: { max: 16MiB } }
      octets: { requests: ["POST /v1/octets"], body: { types: [application/octet-stream], max: 16MiB } }
      large: { requests: ["POST /v1/large"], body: { schema: unique.json, max: 16MiB } }
      socket: { requests: ["GET /v1/socket"], websocket: true }
  busy-mcp:
    mcp: { url: "${busy}/mcp", pins: ${pins} }
    operations:
      use: { tools: { put: { type: object, properties: { list: { type: array, uniqueItems: true } } }, big: { type: object }, slow: { type: object } } }
  calm-api:
    http: { url: "http://127.0.0.1:${ports.calm}" }
    operations:
      read: { requests: ["GET /v1/read"] }
policies:
  - { name: busy, groups: [busy], connection: busy-api, operations: [read, masked, unique, branches, plain, octets, large, socket], ttl: 15m }
  - { name: busy with tools, groups: [busy], connection: busy-mcp, operations: [use], ttl: 15m }
  - { name: calm, groups: [calm], connection: calm-api, operations: [read], ttl: 15m }
`;
}

async function startUpstream(): Promise<{ readonly port: number; readonly child: ChildProcess }> {
  const child = fork(path.join(here, "upstream.ts"), { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const port = await new Promise<number>((resolve, reject) => {
    child.once("message", (said) => resolve((said as { port: number }).port));
    child.once("exit", () => reject(new Error("the upstream ended")));
  });
  return { port, child };
}

/**
 * Starts it: about two seconds.
 * @param bin which mayflyd, from the repository's folder; left out: the one that is run from its sources
 */
export function startStage(bin?: string): Promise<Stage> {
  return startAll(async ({ onStop, stop }) => {
    const [busy, calm] = await Promise.all([startUpstream(), startUpstream()]);
    onStop(() => [busy, calm].map(({ child }) => child.kill()));
    const configured = await startConfiguredGateway({
      name: "starvation",
      ...(bin === undefined ? {} : { bin }),
      agents: { "0oabusy": ["busy"], "0oacalm": ["calm"] },
      files: Object.fromEntries(
        Object.entries(schemas).map(([name, schema]) => [name, JSON.stringify(schema)]),
      ),
      configuration: configuration({ busy: busy.port, calm: calm.port }),
    });
    onStop(() => configured.stop());
    const { gateway, okta } = configured;
    const tokens: string[] = [];
    for (let each = 0; each < 8; each += 1) tokens.push(await okta.tokenFor({ agent: "0oabusy" }));
    const all = ["read", "masked", "unique", "branches", "plain", "octets", "large", "socket"];
    const [token = ""] = tokens;
    const http: Access[] = [];
    for (let each = 0; each < 4; each += 1)
      http.push(await getAccess(gateway, token, "busy-api", all, "15m"));
    const mcp: Access[] = [];
    for (let each = 0; each < 2; each += 1)
      mcp.push(await getAccess(gateway, token, "busy-mcp", ["use"], "15m"));
    const theirs = await okta.tokenFor({ agent: "0oacalm" });
    return {
      gateway,
      ground: { url: gateway.url, caFile: gateway.caFile, tokens, http, mcp },
      calm: await getAccess(gateway, theirs, "calm-api", ["read"], "15m"),
      stop,
    };
  });
}
