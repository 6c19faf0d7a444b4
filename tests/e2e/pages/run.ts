import path from "node:path";
import { root } from "@mayfly/testing/gateway.ts";
import type { Login } from "@mayfly/testing/people.ts";

/** A console block that the test types in, in this order: by page and first command. */
export interface RunBlock {
  readonly block: string;
  /** Whose access token is in TOKEN and, for people, in MAYFLY_TOKEN; left out: the agent, which has logged in. */
  readonly as?: Login;
  /** Typed before it, without being shown. */
  readonly before?: string;
  /** Which id of the page stands for the last id of its kind that was printed, before it and in it. */
  readonly ids?: readonly string[];
  /** The commands after the first are typed into what the first starts. */
  readonly isShell?: true;
  /** Where it is typed; left out: where the last one was. */
  readonly where?: "bot" | "gateway" | "quick-start";
}

const pending = "req_akyfm3677mzsr9qx";

/** Changes of examples/postgres.yaml that docs/policy.md shows. */
const widened = [
  "s/db.internal/db2.internal/",
  "s/max: 15m/max: 8h/",
  "s/name, email/name, email, iban/",
  "s/groups: \\[support-agents\\] }/groups: [support-agents, sre] }/",
  "/approval:/d",
];

/** The examples as a clone has them, somewhere else. */
const inventoried = `cd "$(mktemp -d)"; cp -r ${path.join(root, "examples")} .`;

export const runBlocks: readonly RunBlock[] = [
  {
    block: "docs/policy.md $ mayflyd diff before/mayfly.yaml after/mayfly.yaml",
    where: "gateway",
    before: `mkdir diff; cd diff; mkdir before after; cp ${path.join(root, "examples/postgres.yaml")} before/mayfly.yaml; sed ${widened.map((each) => `-e '${each}'`).join(" ")} before/mayfly.yaml > after/mayfly.yaml`,
  },
  {
    block:
      "docs/inventory.md $ mayflyd inventory --connection orders-db --schema examples/inventory/schema.sql examples/inventory/postgresql.jsonl",
    where: "gateway",
    before: inventoried,
  },
  {
    block:
      "docs/inventory.md $ mayflyd inventory --connection orders-db -c examples/postgres.yaml --schema examples/inventory/schema.sql --check examples/inventory/postgresql.jsonl",
    where: "gateway",
    before: inventoried,
  },
  {
    block:
      "docs/inventory.md $ mayflyd inventory --connection orders-db -c examples/postgres.yaml --schema examples/inventory/schema.sql --unused examples/inventory/postgresql.jsonl",
    where: "gateway",
    before: inventoried,
  },
  {
    block:
      "docs/inventory-http.md $ mayflyd inventory --connection billing-api examples/inventory/access-log.txt",
    where: "gateway",
    before: inventoried,
  },
  {
    block:
      "docs/inventory-http.md $ mayflyd inventory --connection billing-api -c examples/http.yaml --check examples/inventory/access-log.txt",
    where: "gateway",
    before: inventoried,
  },
  {
    block:
      "docs/inventory-http.md $ mayflyd inventory --connection billing-api -c examples/http.yaml --unused examples/inventory/access-log.txt",
    where: "gateway",
    before: inventoried,
  },
  ...["", "-c examples/kubernetes.yaml --check ", "-c examples/kubernetes.yaml --unused "].map((options) => ({
    block: `docs/inventory-kubernetes.md $ mayflyd inventory --connection prod-cluster ${options}examples/inventory/kubernetes-audit.jsonl`,
    where: "gateway" as const,
    before: inventoried,
  })),
  ...["", "-c examples/mcp.yaml --check "].map((options) => ({
    block: `docs/inventory-mcp.md $ mayflyd inventory --connection crm ${options}examples/inventory/mcp-recording.jsonl`,
    where: "gateway" as const,
    before: inventoried,
  })),
  {
    block:
      "docs/close-direct-paths.md $ mayflyd close orders-db --gateway 10.0.0.5 --keep postgres --address 10.0.0.20",
    where: "gateway",
    before: `mkdir close; cd close; cp ${path.join(root, "examples/postgres.yaml")} mayfly.yaml`,
  },
  {
    block:
      "docs/close-direct-paths.md $ mayflyd close orders-db --gateway 10.0.0.5 --only nftables-target > orders-db.nftables-target",
    where: "gateway",
    before: `mkdir firewall; cd firewall; cp ${path.join(root, "examples/postgres.yaml")} mayfly.yaml`,
  },
  {
    block:
      "docs/close-direct-paths.md $ mayflyd close orders-db --entry 10.0.0.5 --address 10.0.0.20 --agent-unit support-bot.service --only systemd-unit 2> notes.txt",
    where: "gateway",
    before: `mkdir unit; cd unit; cp ${path.join(root, "examples/postgres.yaml")} mayfly.yaml`,
  },
  { block: 'docs/cli.md $ mayfly request orders-db/read-orders --reason "TICKET-123: late parcel" --ttl 2m' },
  { block: "docs/signals.md $ mayflyd signals test --dry-run --client 0oasupportbot", where: "gateway" },
  {
    block: "docs/cli.md $ mayfly request orders-db/refund-order --reason please",
    where: "bot",
  },
  {
    block:
      "docs/cli.md $ mayfly login --url https://mayfly.internal:8443 --ca mayfly-ca.pem --client-id 0oa1b2c3d4 --key agent.pem",
  },
  { block: "docs/cli.md $ mayfly operations" },
  {
    block: 'docs/cli.md $ mayfly connect orders-db/read-orders --reason "TICKET-123" -- -c "select 1 as one"',
  },
  { block: "docs/cli.md $ mayfly credential" },
  {
    block: "docs/cli.md $ mayfly agent keygen --out agent.pem > agent.public.jwk",
    before: "mkdir keys; cd keys",
  },
  {
    block:
      'README.md $ mayfly run orders-db/read-orders --ttl 5m --reason "TICKET-4711: where is my parcel?" -- sh',
    where: "bot",
    isShell: true,
  },
  {
    block:
      'docs/concepts.md $ mayfly request orders-db/read-orders --ttl 5m --reason "TICKET-4711: where is my parcel?"',
  },
  {
    block:
      'docs/clients.md $ mayfly run orders-db/read-orders --reason "TICKET-7: late orders" -- python3 report.py',
    before: `echo 'import os; assert os.environ["PGUSER"].startswith("gr_")' > report.py`,
  },
  {
    block:
      'docs/quick-start.md $ npx mayfly run orders-db/read-orders --reason "TICKET-123" -- psql -c "select count(*) from orders"',
  },
  {
    block: 'docs/security.md $ psql "$DSN" -c "select * from payroll"',
    before: `DSN=$(mayfly request orders-db/read-orders --reason "TICKET-8: a look" | sed -n 's/^dsn //p')`,
  },
  {
    block: `docs/postgres-scopes.md $ psql "$DSN" -c "select id from customers where email like '%' || name || '%'"`,
  },
  { block: "docs/api.md $ curl -sS --cacert mayfly-ca.pem https://mayfly.internal:8443/v1/requests \\" },
  { block: "docs/api.md $ curl -sS --http1.1 --cacert mayfly-ca.pem -i https://mayfly.internal:8443/v1/me" },
  {
    block:
      'docs/leases.md $ curl -sS --cacert mayfly-ca.pem -X POST -H "Authorization: Bearer $TOKEN" https://mayfly.internal:8443/v1/grants/gr_7dxqmb8r8wtwxnfp/lease',
    before: `curl -sS --cacert mayfly-ca.pem -H "authorization: Bearer $TOKEN" -H "content-type: application/json" \\
  -d '{"connection":"orders-db","operations":["read-orders"],"reason":"TICKET-9: a look","lease":true}' "$MAYFLY_URL/v1/requests"`,
    ids: ["gr_7dxqmb8r8wtwxnfp"],
  },
  {
    block:
      'docs/approvals.md $ mayfly request orders-db/read-orders orders-db/refund-order --reason "TICKET-124: broken on arrival"',
  },
  {
    block: "docs/approvals.md $ mayfly approve req_akyfm3677mzsr9qx --yes",
    as: "owner@example.com",
    ids: [pending],
  },
  {
    block:
      'docs/approvals.md $ mayfly request orders-db/refund-order --reason "INC-9: refunds of today booked twice" --break-glass',
  },
  { block: "docs/approvals.md $ mayfly audit search --type break_glass.activated", as: "ada@example.com" },
  {
    block: "docs/quick-start.md $ npx mayflyd check mayfly.yaml",
    before: "unset ORDERS_DB_PASSWORD OKTA_CLIENT_SECRET OKTA_HOOK_SECRET",
    where: "quick-start",
  },
  {
    block: "docs/quick-start.md $ npx mayfly audit verify data/audit --key data/audit/log.vkey",
    where: "gateway",
  },
];
