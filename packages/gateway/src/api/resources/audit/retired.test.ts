import { expect, it } from "vitest";
import type { Verified } from "../../../identity/principal.ts";
import { createApi } from "../../server.ts";
import { fakes } from "../../testing/fakes.ts";

it("gives a log up for whoever is an operator at this moment, not at their sign-in", async () => {
  let current = (verified: Verified): Verified => ({
    ...verified,
    principal: { ...verified.principal, groups: [], roles: [] },
  });
  const { services } = fakes();
  const retired: string[] = [];
  const app = createApi({
    ...services,
    people: { ...services.people, current: async (verified: Verified) => current(verified) },
    retireLog: (order) => {
      retired.push(order.log);
      return services.retireLog(order);
    },
  });
  const retire = async (): Promise<number> => {
    const answer = await app.inject({
      method: "POST",
      url: "/v1/audit/logs/retire",
      headers: { authorization: "Bearer token-operator" },
      payload: { log: "second", reason: "INC-12" },
    });
    return answer.statusCode;
  };
  expect(await retire()).toBe(403);
  expect(retired).toEqual([]);
  current = (verified) => verified;
  expect(await retire()).toBe(200);
  expect(retired).toEqual(["second"]);
  await app.close();
});
