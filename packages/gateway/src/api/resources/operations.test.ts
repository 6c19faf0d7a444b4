import { expect, it } from "vitest";
import { as, useApi } from "../testing/app.ts";

const start = useApi();

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
