// tier: full
import { afterEach, expect, test } from "vitest";
import { startPostgres } from "@mayfly/testing/postgres.ts";
import { scopeSchema } from "../../protocols/postgres/scope.ts";
import { targetOf } from "../../protocols/postgres/testing/target.ts";
import { protocols } from "../protocols.ts";
import type { Configuration } from "../../configuration/types.ts";
import { settingsOf, startOrg } from "../../identity/okta-api/testing/org.ts";
import type { OktaApiSettings } from "../../kernel/okta-api-settings.ts";
import { checkOnline, checkScopes } from "./check-online.ts";

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

test("what patterns match now is told, a view that would be denied, and a database that is away", async () => {
  const postgres = await startPostgres();
  open.push(() => postgres.stop());
  await postgres.run(
    "CREATE SCHEMA shop; CREATE TABLE shop.orders (id int); CREATE TABLE shop.payroll (id int);" +
      "CREATE VIEW shop.mine AS SELECT id FROM shop.orders WHERE id < 3; CREATE VIEW shop.taken AS TABLE shop.mine;" +
      "CREATE FUNCTION shop.few() RETURNS SETOF int LANGUAGE sql STABLE AS 'SELECT id FROM shop.mine'",
  );
  const connection = (name: string, target: object): unknown => ({
    name,
    kind: "postgres",
    target,
    operations: new Map(
      [
        ["report", { tables: { "shop.*": "all" }, except: ["shop.payroll", "shop.gone", "shop.mine"] }],
        [
          "views",
          {
            tables: { "shop.mine": "all", "shop.taken": { select: "all", leaky_view: "accepted" } },
            functions: ["shop.few"],
          },
        ],
        ["plain", { tables: { "shop.orders": "all" } }],
        ["nothing", { tables: {}, catalog: true }],
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
  expect(await checkScopes({ connections } as unknown as Configuration, protocols)).toEqual([
    { what: "here/report: tables: shop.*", matches: ["shop.orders"] },
    { what: "here/report: except: shop.payroll", matches: ["shop.payroll"] },
    { what: "here/report: except: shop.gone", matches: [] },
    { what: "here/report: except: shop.mine", matches: ["shop.mine"] },
    {
      what: "here/views: functions: shop.few",
      problem: expect.stringContaining("function shop.few leaves out") as string,
      hint: expect.stringContaining('ALTER FUNCTION "shop"."few" SET search_path') as string,
    },
    {
      what: "here/views: tables: shop.mine",
      problem:
        "a statement could learn of the rows that view shop.mine leaves out, since it is no security_barrier",
      hint: 'its owner mends it: ALTER VIEW "shop"."mine" SET (security_barrier = true); or the operation says of it: leaky_view: accepted',
    },
    ...["report", "views", "plain"].map((name) => ({
      what: `away/${name}`,
      problem: expect.stringContaining("cannot be reached") as string,
    })),
  ]);
});
