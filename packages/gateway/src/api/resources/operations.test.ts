import { expect, it } from "vitest";
import { as, post, useApi } from "../testing/app.ts";

const start = useApi();
const leads = { by: ["leads"], count: 2, within: 60_000, refusals: 1 };

it.each([
  [{ closedPaths: 86_400_000 }, { closed_paths_within_seconds: 86_400 }],
  [{ sandbox: true as const }, { sandbox: true }],
  [
    { closedPaths: 60_000, sandbox: true as const },
    { closed_paths_within_seconds: 60, sandbox: true },
  ],
])("says of terms with %j what must be known of where the task runs", async (more, expected) => {
  const { app, all } = start();
  const { offers } = all.grants;
  all.grants.offers = (...asked) =>
    offers(...asked).map((offer) => {
      const { terms } = offer.outlook;
      return offer.operation === "refund-order" && terms !== undefined
        ? { ...offer, outlook: { ...offer.outlook, terms: { ...terms, ...more } } }
        : offer;
    });
  const answer = await app.inject({ url: "/v1/operations", headers: as("agent") });
  const { operations } = answer.json<{ operations: { operation: string; requires?: object }[] }>();
  expect(operations.map(({ operation, requires }) => [operation, requires])).toEqual([
    ["read-orders", undefined],
    ["refund-order", expected],
  ]);
});

it("lists what other policies give, and what breaking glass asks of the task", async () => {
  const { app, all } = start();
  const { offers } = all.grants;
  const terms = { policy: "held", defaultTtl: 60_000, maxTtl: 120_000, lease: 5000 };
  all.grants.offers = (...asked) =>
    offers(...asked)
      .slice(0, 1)
      .map((offer) => ({
        ...offer,
        outlook: {
          ...offer.outlook,
          alternatives: [
            { terms, conditions: [{ kind: "not while" as const, text: "context.hour < 6" }] },
            {
              terms: { ...terms, policy: "both", approval: leads, sandbox: true as const },
              conditions: [],
            },
          ],
        },
        breakGlass: {
          requestable: true,
          terms: { ...terms, closedPaths: 60_000 },
          conditions: [],
          reasons: [],
        },
      }));
  const answer = await app.inject({ url: "/v1/operations", headers: as("agent") });
  const ttl = { default_seconds: 60, max_seconds: 120 };
  const lease = { max_seconds: 5 };
  expect(answer.json()).toMatchObject({
    operations: [
      {
        alternatives: [
          { policy: "held", ttl, lease, conditions: ["not while context.hour < 6"] },
          {
            policy: "both",
            ttl,
            lease,
            approval: { by: ["leads"], count: 2 },
            requires: { sandbox: true },
            conditions: [],
          },
        ],
        break_glass: {
          policy: "held",
          max_seconds: 120,
          lease,
          requires: { closed_paths_within_seconds: 60 },
          conditions: [],
        },
      },
    ],
  });
});

it.each([
  [undefined, [], { way: "at_once" }],
  [leads, [], { way: "approval", approvals: 2 }],
  [leads, [{ ...leads, count: 1 }], { way: "approval", approvals: 1 }],
  [leads, [leads, undefined], { way: "at_once" }],
])("a view of an agent tells the least that asking takes: of %j and %j", async (first, others, expected) => {
  const { app, all } = start();
  const ask = { connection: "orders-db", operations: ["read-orders"], reason: "TICKET-1" };
  await app.inject(post("/v1/requests", "agent", ask));
  const { dossier, offers } = all.grants;
  const wayOf = (approval: typeof leads | undefined) => ({
    terms: {
      policy: "p",
      defaultTtl: 60_000,
      maxTtl: 60_000,
      ...(approval === undefined ? {} : { approval }),
    },
    conditions: [],
  });
  all.grants.dossier = async (...asked) => ({
    ...(await dossier(...asked)),
    offers: offers(asked[0] as never, "")
      .slice(0, 1)
      .map((offer) => ({
        ...offer,
        granted: 0,
        outlook: { requestable: true, reasons: [], ...wayOf(first), alternatives: others.map(wayOf) },
      })),
  });
  const [asked] = all.grants.store.requests.values();
  const { issuer, subject, client } = asked!.requester;
  const query = new URLSearchParams({ issuer, subject, client });
  const answer = await app.inject({ url: `/v1/agents?${query.toString()}`, headers: as("operator") });
  const [reached] = answer.json<{ reaches: { way: string; approvals?: number }[] }>().reaches;
  expect({
    way: reached?.way,
    ...(reached?.approvals === undefined ? {} : { approvals: reached.approvals }),
  }).toEqual(expected);
});
