// tier: full
import { afterEach, expect, test } from "vitest";
import { startPostgres } from "@mayfly/testing/postgres.ts";
import { scopeSchema } from "../../protocols/postgres/scope.ts";
import { targetOf } from "../../protocols/postgres/testing/target.ts";
import { protocols } from "../protocols.ts";
import type { Configuration } from "../../configuration/types.ts";
import { settingsOf, startOrg } from "../../identity/okta-api/testing/org.ts";
import type { OktaApiSettings } from "../../kernel/okta-api-settings.ts";
import { checkOnline, checkPatterns } from "./check-online.ts";

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function results(more: Partial<OktaApiSettings>, signals?: object) {
  const { okta, clock } = await startOrg();
  open.push(() => okta.close());
  const agents = [{ issuer: okta.issuer, oktaApi: settingsOf(more) }];
  const known = signals === undefined ? undefined : { org: [okta.orgIssuer], ...signals };
  return checkOnline({ identity: { agents, signals: known } } as unknown as Configuration, clock);
}

test("what the gateway would ask is answered", async () => {
  const found = await results({}, { systemLog: { every: 1000 } });
  expect(found.map(({ what }) => what.replace(/^\S+ /, ""))).toEqual([
    "apps and their groups",
    "registered AI agents",
    "groups",
    "the System Log",
  ]);
  expect(found.filter(({ problem }) => problem !== undefined)).toEqual([]);
});

test.each([
  ["no such client", { clientId: "0oaNobody" }, /invalid_client/, /public half/],
  [
    "a scope that was not granted",
    { scopes: ["okta.apps.read", "okta.users.read"] },
    /invalid_scope/,
    /Okta API Scopes/,
  ],
  ["no admin role", { clientId: "0oaNoRole", scopes: ["okta.apps.read"] }, /E0000006/, /admin role/],
] as const)("%s", async (_, more, problem, hint) => {
  const [first] = await results(more);
  expect(first).toMatchObject({ problem: expect.stringMatching(problem), hint: expect.stringMatching(hint) });
});

test("a role that may not read AI agents fails there alone", async () => {
  const found = await results({ clientId: "0oaReader", scopes: ["okta.apps.read", "okta.aiAgents.read"] });
  expect(found.map(({ problem }) => problem !== undefined)).toEqual([false, true]);
});

test("what patterns match now is told, and a database that is away", async () => {
  const postgres = await startPostgres();
  open.push(() => postgres.stop());
  await postgres.run(
    "CREATE SCHEMA shop; CREATE TABLE shop.orders (id int); CREATE TABLE shop.payroll (id int)",
  );
  const connection = (name: string, target: object): unknown => ({
    name,
    kind: "postgres",
    target,
    operations: new Map(
      [
        ["report", { tables: { "shop.*": "all" }, except: ["shop.payroll", "shop.gone"] }],
        ["plain", { tables: { "shop.orders": "all" } }],
      ].map(([operation, scope]) => [
        operation,
        { name: operation, scope: scopeSchema.parse({ statements: ["select"], ...(scope as object) }) },
      ]),
    ),
  });
  const here = targetOf(postgres);
  const connections = new Map(
    [connection("here", here), connection("away", { ...here, port: 1 })].map((each) => [each, each]),
  );
  expect(await checkPatterns({ connections } as unknown as Configuration, protocols)).toEqual([
    { what: "here/report: tables: shop.*", matches: ["shop.orders"] },
    { what: "here/report: except: shop.payroll", matches: ["shop.payroll"] },
    { what: "here/report: except: shop.gone", matches: [] },
    { what: "away/report: patterns", problem: expect.stringContaining("cannot be reached") as string },
  ]);
});
