// tier: full
import { hash } from "node:crypto";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import { systemClock } from "../../kernel/clock.ts";
import { createJudging } from "./relay/judging.ts";
import { createPostgres } from "./index.ts";
import { scopeSchema } from "./scope.ts";
import { createScoped, type Scoped } from "./testing/scoped.ts";
import { targetOf } from "./testing/target.ts";
import { makeCertificate, type TestCertificate } from "./testing/wire.ts";

// What left for the database in the place of a text that asks the catalogue.

let postgres: EmbeddedPostgres;
let certificate: TestCertificate;
let scoped: Scoped;
const judging = createJudging();
const target = () => targetOf(postgres, { database: "shop" });

beforeAll(async () => {
  certificate = await makeCertificate();
  postgres = await startPostgres();
  await postgres.run("CREATE DATABASE shop");
  await postgres.run(
    "CREATE TABLE orders (id int, status text); CREATE TABLE order_lines (id int); CREATE TABLE other (id int)",
    "shop",
  );
  scoped = createScoped(target, certificate, judging);
});
afterEach(() => scoped.close());
afterAll(async () => {
  judging.stop();
  await postgres.stop();
  certificate.remove();
});

const sql = "SELECT relname FROM pg_class WHERE relkind = 'r' AND oid > 16384 ORDER BY 1";

it("what left is made again from the record, the scopes and the database alone", async () => {
  const scope = { statements: ["select"], tables: { "public.order*": ["id"] } };
  const { client, gate } = await scoped.under(scope);
  const { rows } = await client.query<{ readonly relname: string }>(sql);
  expect(rows.map(({ relname }) => relname)).toEqual(["order_lines", "orders"]);
  const intent = gate.log.find((entry) => entry.what === "intent");
  const recorded = intent?.what === "intent" ? intent.detail : {};
  expect(recorded["sql"]).toBe(sql);

  const protocol = createPostgres({
    clock: systemClock,
    secureContext: () => {
      throw new Error("it serves nobody");
    },
    allowsInsecureLoopback: () => false,
    gateway: () => "",
  });
  const scopes = [{ name: "shop/x", scope: scopeSchema.parse(scope) }];
  const verdict = await protocol.trial(scopes, target(), AbortSignal.timeout(60_000))(sql);
  if (verdict.kind !== "permit") throw new Error(verdict.denial.message);
  const sent = protocol.sent?.(sql, verdict.cover) ?? Buffer.alloc(0);
  expect(recorded["sent"]).toEqual({ bytes: sent.length, sha256: hash("sha256", sent, "hex") });
});
