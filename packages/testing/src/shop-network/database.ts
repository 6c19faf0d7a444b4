import { createServer as createPlain } from "node:http";
import { createServer } from "node:https";
import { makeCertificate } from "../cluster.ts";
import { startShopDatabase } from "../shop.ts";

// A host with the shop's database, something that answers as a cluster's API server, and a cloud's metadata service.
// @param argv the addresses of the cluster's certificate

const { certificate, key } = await makeCertificate(...process.argv.slice(2));
const postgres = await startShopDatabase({
  port: 5432,
  settings: { listen_addresses: "*" },
  hba: ["local all all trust", "host all all 0.0.0.0/0 scram-sha-256", "host all all ::/0 scram-sha-256"],
});
const cluster = createServer({ cert: certificate, key }, (_, response) =>
  response.writeHead(200, { "content-type": "application/json" }).end('{"gitVersion":"v1.34.0"}'),
);
const metadata = createPlain((_, response) => response.writeHead(401).end());
await Promise.all([
  new Promise<void>((resolve) => cluster.listen(6443, "::", resolve)),
  new Promise<void>((resolve) => metadata.listen(80, "169.254.169.254", resolve)),
]);
process.on("SIGTERM", () => {
  cluster.close();
  metadata.close();
  void postgres.stop().then(() => process.exit());
});
console.log(JSON.stringify({ data: postgres.data, certificate }));
