import { parseArgs } from "node:util";
import { startShopDatabase } from "@mayfly/testing/shop.ts";

// node demo/shop-database.ts [--port N]: a PostgreSQL with the shop's data, until it is interrupted; then it is gone.
const { values } = parseArgs({ options: { port: { type: "string", default: "5433" } } });
const postgres = await startShopDatabase({ port: Number(values.port) });
console.log(`PostgreSQL with the database shop: 127.0.0.1:${postgres.port}, as mayfly or as postgres`);
let isStopping = false;
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => {
    if (!isStopping) void postgres.stop();
    isStopping = true;
  });
