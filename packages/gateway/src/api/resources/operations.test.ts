import { expect, it } from "vitest";
import { as, useApi } from "../testing/app.ts";

const start = useApi();

it("says how lately the paths must have been probed closed, where a policy asks for it", async () => {
  const { app, all } = start();
  const { offers } = all.grants;
  all.grants.offers = (...asked) =>
    offers(...asked).map((offer) => {
      const { terms } = offer.outlook;
      return offer.operation === "refund-order" && terms !== undefined
        ? { ...offer, outlook: { ...offer.outlook, terms: { ...terms, closedPaths: 86_400_000 } } }
        : offer;
    });
  const answer = await app.inject({ url: "/v1/operations", headers: as("agent") });
  const { operations } = answer.json<{ operations: { operation: string; requires?: object }[] }>();
  expect(operations.map(({ operation, requires }) => [operation, requires])).toEqual([
    ["read-orders", undefined],
    ["refund-order", { closed_paths_within_seconds: 86_400 }],
  ]);
});
