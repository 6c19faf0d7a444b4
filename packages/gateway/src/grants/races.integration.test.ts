// tier: gate
import { afterAll, beforeAll } from "vitest";
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import { Secret } from "../kernel/secret.ts";
import { openStore } from "../storage/store.ts";
import { grantModel } from "./states.ts";
import { raceSuite } from "./testing/races.ts";

let server: EmbeddedPostgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

raceSuite("PostgreSQL", () => openStore({ kind: "postgres", url: new Secret(server.url()) }, grantModel));
