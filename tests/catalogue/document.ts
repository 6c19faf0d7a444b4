import type { Document } from "./case.ts";

/** The agent that cases ask as. */
const directory = {
  "0oa1agent": { name: "support-bot", owner: "owner@example.com", groups: ["support-agents"] },
};

/** A configuration with a connection of every kind, each with one operation; every case changes a copy of it. */
export function usual(): Document {
  return {
    url: "https://mayfly.internal:8443",
    listen: { https: "127.0.0.1:0", postgres: "127.0.0.1:0" },
    identity: {
      agents: { issuer: "https://example.okta.com/oauth2/aus1", audience: "api://mayfly", directory },
      roles: { reviewer: ["support-leads"], operator: ["platform"], auditor: ["security"] },
    },
    connections: {
      orders: {
        postgres: { host: "127.0.0.1", database: "shop", user: "mayfly", tls: "disable" },
        operations: { read: { statements: ["select"], tables: { "public.orders": "all" } } },
      },
      billing: {
        http: { url: "https://billing.internal" },
        operations: { read: { requests: ["GET /v1/invoices/{id}"] } },
      },
      prod: {
        kubernetes: { server: "https://10.0.0.1:6443", token: { env: "TOKEN" } },
        operations: { read: { resources: ["pods"], verbs: ["get", "list"], namespaces: ["shop"] } },
      },
      crm: {
        mcp: { url: "https://crm.internal/mcp" },
        operations: { read: { tools: ["get_order"] } },
      },
    },
    policies: [
      {
        name: "support agents read orders",
        groups: ["support-agents"],
        connection: "orders",
        operations: ["read"],
        ttl: "5m",
      },
    ],
  };
}

/** The place of a member of the one operation on a connection. */
export const inScope = (connection: string, ...member: (string | number)[]): (string | number)[] => [
  "connections",
  connection,
  "operations",
  "read",
  ...member,
];

/** Writes another scope. */
export const scopeOf =
  (connection: string, scope: Document) =>
  (document: Document): void => {
    document.connections[connection].operations.read = structuredClone(scope);
  };
