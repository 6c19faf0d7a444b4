import { issuer } from "./bad.ts";
import type { Bad } from "./bad.ts";

export const members: Readonly<Record<string, readonly Bad[]>> = {
  "unknown members": [
    ["audit: {", "§audt: {}\naudit: {", "audt is not known here", "did you mean audit?"],
    [
      "groups_claim: groups",
      "§group_claim: groups",
      "group_claim is not known here",
      "did you mean groups_claim?",
    ],
    ["owner: owner@", "§ownr: owner@", "ownr is not known here", "did you mean owner?"],
    ["every: 30s", "§evry: 30s", "evry is not known here", "did you mean every?"],
    ["reviewer: [", "§reviewers: [", "reviewers is not known here", "did you mean reviewer?"],
    ["user: mayfly", "user: mayfly, §prt: 1", "prt is not known here", "did you mean port?"],
    ["timeout: 30s", "§timout: 30s", "timout is not known here", "did you mean timeout?"],
    ["risk: high", "§rsik: high", "rsik is not known here", "did you mean risk?"],
    ["ttl: 10m", "ttl: 10m\n    §wen: true", "wen is not known here", "did you mean when?"],
    [
      "by: [support-leads]",
      "by: [support-leads], §with: 3m",
      "with is not known here",
      "did you mean within?",
    ],
    ["sync: always", "§snc: always", "snc is not known here", "did you mean sync?"],
    ["connections: 100", "§conections: 100", "conections is not known here", "did you mean connections?"],
    ["https: 0.0.0.0:8443", "§htps: 0.0.0.0:8443", "htps is not known here", "did you mean https?"],
    [
      "clients: [cli]",
      "§xxxxxxxxxx: [cli]",
      "xxxxxxxxxx is not known here",
      "known here: clients, issuers, oidc, and 3 more",
    ],
    ["default: 5m", "default: 5m, §maxx: 1h", "maxx is not known here", "did you mean max?"],
  ],
  "missing members": [
    ["# A shop\nurl: https://mayfly.internal:8443\n", "§", "url is missing"],
    [issuer + "    audience: api://mayfly\n", issuer.replace("agents", "§agents"), "audience is missing"],
    ["  - name: support agents read orders\n    groups", "  - §groups", "name is missing"],
    [
      "  - name: a refund",
      "  - §name: no ttl\n    groups: [a]\n    connection: orders-db\n    operations: [read-orders]\n  - name: a refund",
      "ttl is missing",
      "write ttl: 5m, or ttl: { default: 5m, max: 15m }",
    ],
    ["approval: { by: [support-leads] }", "§approval: { count: 1 }", "by is missing"],
    [
      "postgres: { host: db.internal, database: shop, ",
      "§postgres: { host: db.internal, ",
      "database is missing",
    ],
    [
      "read-orders:\n        description: Read orders\n        statements: [select]\n",
      "§read-orders:\n",
      "statements is missing",
    ],
    ["0oa1b2c3d4: { name: support-bot, ", "§0oa1b2c3d4: { ", "name is missing"],
    ["introspection: { client_id: gw, ", "§introspection: { ", "client_id is missing"],
    ["ttl: { default: 5m, max: 15m }", "§ttl: { default: 5m }", "max is missing"],
  ],
  YAML: [
    [
      "limits:",
      "§url: https://other\nlimits:",
      "this key stands twice in the same mapping",
      "keep one of them",
    ],
    [
      "risk: high",
      "risk: high\n        §risk: low",
      "this key stands twice in the same mapping",
      "keep one of them",
    ],
    [
      "risk: high",
      "risk: §!secret high",
      "YAML tags (words that start with !) are not used here",
      "quote a text that starts with !",
    ],
    [
      "description: Read orders",
      "description: §*nowhere",
      "this alias names nothing before it",
      "quote a text that starts with *",
    ],
    ["limits:", "§__proto__: { a: 1 }\nlimits:", "__proto__ is not allowed as a key"],
    ["limits:", "§<<: { a: 1 }\nlimits:", "<< is not allowed as a key"],
    [
      "description: Read orders",
      "description: Read §\u202eorders",
      "the character U+202E is not allowed in a configuration",
    ],
    [
      "description: Read orders",
      "description: Read §\u0000orders",
      "the character U+0000 is not allowed in a configuration",
    ],
  ],
};
