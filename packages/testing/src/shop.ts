import { readFile } from "node:fs/promises";
import path from "node:path";
import type { OktaStandIn } from "@mayfly/okta-stand-in";
import { root } from "./gateway.ts";
import { consoleClient } from "./people.ts";
import { type EmbeddedPostgres, type EmbeddedPostgresOptions, startPostgres } from "./postgres.ts";
import type { Receiver } from "./receiver.ts";
import { startAll } from "./undo.ts";

/** Starts PostgreSQL with the demo's shop in the database `shop`. */
export async function startShopDatabase(options?: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  return startAll(async ({ onStop }) => {
    const postgres = await startPostgres(options);
    onStop(() => postgres.stop());
    await postgres.run("CREATE DATABASE shop");
    await postgres.run(await readFile(path.join(root, "demo/shop.sql"), "utf8"), "shop");
    return postgres;
  });
}

/** The demo's configuration with the places filled in that it is run with. */
export async function shopConfiguration(places: {
  readonly https: number;
  readonly postgres: number;
  readonly okta: OktaStandIn;
  readonly receiver: Receiver;
  readonly database: EmbeddedPostgres;
}): Promise<string> {
  const values: Readonly<Record<string, string>> = {
    HTTPS_PORT: String(places.https),
    POSTGRES_PORT: String(places.postgres),
    ISSUER: places.okta.issuer,
    ORG_ISSUER: places.okta.orgIssuer,
    DATABASE_PORT: String(places.database.port),
    RECEIVER_URL: places.receiver.url,
  };
  const template = await readFile(path.join(root, "demo/mayfly.yaml"), "utf8");
  return template.replaceAll(/\$\{(\w+)\}/g, (all, name: string) => values[name] ?? all);
}

/** The secrets that this configuration reads from its environment. */
export const shopSecrets = (receiver: Receiver, hookSecret: string): Readonly<Record<string, string>> => ({
  ORDERS_DB_PASSWORD: "only-the-gateway-knows",
  OKTA_CLIENT_SECRET: consoleClient.secret,
  OKTA_HOOK_SECRET: hookSecret,
  WEBHOOK_SECRET: receiver.secret,
});
