import { spawnSync } from "node:child_process";
import path from "node:path";
import { pinOf } from "../../../gateway/src/protocols/mcp/upstream/pins.ts";
import { root } from "../gateway.ts";
import { agents } from "./agents.ts";
import { connections, type SeededConnection, type SeededKind } from "./catalogue.ts";

/** Where the connections of the data set lead. */
export interface Targets {
  readonly databasePort: number;
  readonly apiUrl: string;
  readonly cluster: { readonly url: string };
}

/** The longest that a grant of the data set may live. */
export const MAX_TTL_MS = 12 * 3_600_000;

const crm = [process.execPath, path.join(root, "packages/testing/src/crm-server.ts")];

/** What the CRM's tools say of themselves: its own answer to `tools/list`. */
function crmPins(): Readonly<Record<string, string>> {
  const [command = "", ...args] = crm;
  const messages = [
    {
      id: 1,
      method: "initialize",
      params: {
        protocolVersion: "2025-06-18",
        capabilities: {},
        clientInfo: { name: "seed", version: "1" },
      },
    },
    { method: "notifications/initialized" },
    { id: 2, method: "tools/list", params: {} },
  ];
  const { stdout } = spawnSync(command, args, {
    encoding: "utf8",
    input: messages.map((message) => `${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`).join(""),
  });
  for (const line of stdout.split("\n").filter((text) => text.startsWith("{"))) {
    const answer = JSON.parse(line) as { id?: number; result?: { tools?: { name: string }[] } };
    if (answer.id === 2)
      return Object.fromEntries((answer.result?.tools ?? []).map((tool) => [tool.name, pinOf({ ...tool })]));
  }
  throw new Error(`the CRM said nothing of its tools: ${stdout}`);
}

/** The target of a connection of each kind. */
const targetsOf: Readonly<Record<SeededKind, (targets: Targets, pins: object) => object>> = {
  postgres: ({ databasePort }) => ({
    host: "127.0.0.1",
    port: databasePort,
    database: "shop",
    user: "mayfly",
    password: { env: "ORDERS_DB_PASSWORD" },
    tls: "disable",
  }),
  http: ({ apiUrl }) => ({ url: apiUrl, headers: { authorization: { env: "BILLING_AUTH" } } }),
  kubernetes: ({ cluster }) => ({
    server: cluster.url,
    ca: "cluster-ca.pem",
    token: { env: "CLUSTER_TOKEN" },
  }),
  mcp: (_, pins) => ({ command: crm, env: { CRM_KEY: { env: "CRM_KEY" } }, pins }),
};

function policiesOf({ name, groups, operations, by, count, emergency }: SeededConnection): object[] {
  const named = (isLow: boolean): string[] =>
    operations.filter(({ risk }) => (risk === "low") === isLow).map((each) => each.name);
  const high = operations.filter(({ risk }) => risk === "high").map((each) => each.name);
  const changes = named(false);
  return [
    {
      name: `reading ${name}`,
      groups,
      connection: name,
      operations: named(true),
      ttl: { default: "30m", max: "12h" },
    },
    ...(changes.length === 0
      ? []
      : [
          {
            name: `changing ${name} needs ${count === 1 ? "a person" : "two people"}`,
            groups,
            connection: name,
            operations: changes,
            ttl: { default: "15m", max: "12h" },
            approval: {
              by,
              count,
              within: "8h",
              ...(by.includes("sre") ? {} : { escalate: { after: "6h", to: ["sre"] } }),
            },
          },
        ]),
    ...(emergency.length === 0
      ? []
      : [
          {
            name: `emergencies on ${name}`,
            groups: emergency,
            connection: name,
            operations: high,
            ttl: { default: "15m", max: "1h" },
            break_glass: true,
          },
        ]),
  ];
}

/**
 * Puts the data set's connections, policies and agents in the place of the demo's.
 * @param text the demo's configuration, filled in
 */
export function seededConfiguration(text: string, targets: Targets): string {
  const pins = crmPins();
  const head = text
    .slice(0, text.indexOf("connections:\n"))
    .replace(
      /audit: \{.*\n/,
      "audit: { checkpoint_every: 10m }\nlimits: { pending_per_principal: 5000, sessions_per_principal: 200 }\n",
    )
    .replace(
      /directory:\n( {6}\S.*\n)+/,
      `directory: ${JSON.stringify(
        Object.fromEntries(
          agents.map(({ client, name, owner, groups }) => [client, { name, owner, groups }]),
        ),
      )}\n`,
    );
  const described = Object.fromEntries(
    connections.map((connection) => [
      connection.name,
      {
        [connection.kind]: targetsOf[connection.kind](targets, pins),
        operations: Object.fromEntries(
          connection.operations.map(({ name, scope, ...rest }) => [name, { ...rest, ...scope }]),
        ),
      },
    ]),
  );
  return `${head}connections: ${JSON.stringify(described)}\npolicies: ${JSON.stringify(connections.flatMap(policiesOf))}\n`;
}

/** The body that changes of the APIs may have. */
export const changeSchema = {
  type: "object",
  required: ["id", "cents", "reason"],
  properties: {
    id: { type: "integer", minimum: 1 },
    cents: { type: "integer", minimum: 1, maximum: 50_000 },
    reason: { type: "string", minLength: 10, maxLength: 200 },
    currency: { enum: ["EUR", "USD"] },
    notify: { type: "boolean" },
  },
  additionalProperties: false,
};
