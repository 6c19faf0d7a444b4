import { describe, expect, it } from "vitest";
import { runModel } from "./testing/model.ts";

describe("any sequence of what people, agents, clocks and restarts do", () => {
  it("agrees with the model: no grant past its deadline, no requester approving, no way out of a final state", async () => {
    await expect(runModel(60)).resolves.toBeUndefined();
  }, 30_000);
});
