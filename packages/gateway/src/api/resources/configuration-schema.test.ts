import { afterAll, beforeAll, expect, it } from "vitest";
import type { FastifyInstance } from "fastify";
import { configurationJsonSchema, includedJsonSchema } from "../../configuration/json-schema.ts";
import { protocols } from "../../main/protocols.ts";
import { createApi } from "../server.ts";
import { fakes } from "../testing/fakes.ts";

let api: FastifyInstance;
beforeAll(() => void (api = createApi(fakes().services)));
afterAll(() => api.close());

it.each([
  ["/schema/mayfly.json", configurationJsonSchema],
  ["/schema/included.json", includedJsonSchema],
])("%s is what the code says, for anybody's editor", async (url, made) => {
  const answer = await api.inject({ url });
  expect([answer.statusCode, answer.headers["access-control-allow-origin"]]).toEqual([200, "*"]);
  expect(answer.json()).toEqual(made(protocols));
});
