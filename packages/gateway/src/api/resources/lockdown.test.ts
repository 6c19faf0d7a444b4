import type { FastifyInstance, LightMyRequestResponse } from "fastify";
import { afterEach, beforeEach, expect, it } from "vitest";
import { harness, type Harness } from "../../grants/testing/harness.ts";
import type { Verified } from "../../identity/principal.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { createApi } from "../server.ts";
import { fakes } from "../testing/fakes.ts";

let h: Harness;
let app: FastifyInstance;
/** What the provider says of whoever calls, at this moment. */
let current: (verified: Verified) => Verified;

beforeEach(async () => {
  h = await harness({ poll: false });
  current = (verified) => verified;
  const all = fakes({ grants: h.grants, clock: h.clock });
  const people = { ...all.services.people, current: async (verified: Verified) => current(verified) };
  app = createApi({ ...all.services, people });
});
afterEach(async () => {
  await app.close();
  await h.close();
});

const headers = { authorization: "Bearer token-operator" };
const lock = (): Promise<LightMyRequestResponse> =>
  app.inject({ method: "PUT", url: "/v1/lockdown", headers, payload: { reason: "incident" } });
const lift = (): Promise<LightMyRequestResponse> =>
  app.inject({ method: "DELETE", url: "/v1/lockdown", headers });

it("is lifted by whoever is an operator at this moment, not at their sign-in", async () => {
  expect((await lock()).statusCode).toBe(200);
  current = (verified) => ({ ...verified, principal: { ...verified.principal, groups: [], roles: [] } });
  expect((await lift()).statusCode).toBe(403);
  expect(h.grants.locked).toMatchObject({ reason: "incident" });
  current = (verified) => verified;
  expect((await lift()).json()).toEqual({ locked: false });
});

it("begins while the provider is away, and is not lifted then", async () => {
  current = () => {
    throw new MayflyError("provider_away", "the provider is away", { status: 503 });
  };
  expect((await lock()).json()).toMatchObject({ locked: true });
  expect((await lift()).statusCode).toBe(503);
  expect(h.grants.locked).toMatchObject({ reason: "incident" });
});
