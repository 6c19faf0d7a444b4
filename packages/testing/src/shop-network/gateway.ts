import { writeFileSync } from "node:fs";
import path from "node:path";
import { startGateway } from "../gateway.ts";
import { agentId, consoleClient, startProvider } from "../people.ts";

// A host with the gateway and, on its loopback, the stand-in for Okta.
// @param argv the folder, the gateway's URL and the file of the cluster's certificate

const [folder = "", url = "", ca = ""] = process.argv.slice(2);
const okta = await startProvider(url);
const file = path.join(folder, "mayfly.yaml");
writeFileSync(
  file,
  `url: ${url}
listen: { https: "0.0.0.0:8443", postgres: "0.0.0.0:6432" }
store: sqlite:data/mayfly.db
identity:
  agents:
    issuer: ${okta.issuer}
    audience: api://mayfly
    allow_insecure_loopback: true
    directory:
      ${agentId}: { name: support-bot, groups: [support-agents] }
  people:
    clients: [mayfly-cli]
    oidc:
      issuer: ${okta.orgIssuer}
      client_id: ${consoleClient.id}
      client_secret: { env: OKTA_CLIENT_SECRET }
      allow_insecure_loopback: true
  roles: { operator: [platform] }
connections:
  orders-db:
    postgres: { host: db.internal, database: shop, user: mayfly, password: { env: ORDERS_DB_PASSWORD }, tls: prefer }
    operations:
      read-orders: { statements: [select], tables: { public.orders: all } }
      read-where-closed: { statements: [select], tables: { public.orders: all } }
  prod-cluster:
    kubernetes: { server: "https://10.77.0.10:6443", ca: ${ca}, token: { env: CLUSTER_TOKEN } }
    operations: { read-pods: { resources: [pods], verbs: [get], namespaces: [shop] } }
policies:
  - { name: support, groups: [support-agents], connection: orders-db, operations: [read-orders], ttl: 5m }
  - { name: closed, groups: [support-agents], connection: orders-db, operations: [read-where-closed], ttl: 5m, requires: { closed_paths: 1h } }
`,
);
const gateway = await startGateway(file, {
  ORDERS_DB_PASSWORD: "only-the-gateway-knows",
  CLUSTER_TOKEN: "only-the-gateway-knows-this",
  OKTA_CLIENT_SECRET: consoleClient.secret,
});
process.on("SIGTERM", () => {
  void gateway.stop().then(async () => {
    await okta.close();
    process.exit();
  });
});
console.log(
  JSON.stringify({
    config: file,
    ca: gateway.caFile,
    agent: await okta.tokenFor({ agent: agentId }),
    operator: await okta.tokenFor({ person: "olga@example.com" }),
  }),
);
