import { once } from "node:events";
import { request } from "node:http";
import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";
import { afterEach, expect, it } from "vitest";
import type { Signal } from "../../identity/signals/signal.ts";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { Secret } from "../../kernel/secret.ts";
import { createApi } from "../server.ts";
import type { SignalServices } from "../services.ts";
import { fakes } from "../testing/fakes.ts";

const url = "/v1/signals/event-hook";
const body = {
  data: {
    events: [
      {
        uuid: "e-1",
        eventType: "user.lifecycle.deactivate",
        published: "2026-01-01T12:00:00.000Z",
        target: [{ id: "00uROSA", type: "User", alternateId: "rosa@example.com" }],
      },
    ],
  },
};
let app: FastifyInstance | undefined;
afterEach(() => app?.close());

function start() {
  const received: Signal[] = [];
  const signals: SignalServices = {
    sink: {
      async receive(all) {
        received.push(...all);
        return [];
      },
    },
    settings: { org: ["https://example.okta.com"], eventHooks: { secret: new Secret("the-secret") } },
    issuers: [],
    refused: () => {},
  };
  const all = fakes({ clock: fakeClock(), signals });
  app = createApi(all.services);
  return { app, received, records: all.records };
}

it("takes what has the secret, and nothing else", async () => {
  const { app: api, received, records } = start();
  const post = (headers: Record<string, string>) =>
    api.inject({ method: "POST", url, headers: { "content-type": "application/json", ...headers }, body });
  for (const headers of [{}, { authorization: "another" }, { authorization: "Bearer the-secret" }])
    expect((await post(headers as Record<string, string>)).statusCode).toBe(401);
  expect(received).toEqual([]);
  expect(records).toHaveLength(3);
  expect(JSON.stringify(records)).not.toMatch(/the-secret|another|rosa/);
  expect((await post({ authorization: "the-secret" })).statusCode).toBe(204);
  expect(received).toHaveLength(1);
});

it("refuses a wrong secret before it has read any of a large body", async () => {
  const { app: api } = start();
  await api.listen({ host: "127.0.0.1", port: 0 });
  const { port } = api.server.address() as AddressInfo;
  const headers = {
    "content-type": "application/json",
    "content-length": "1000000",
    authorization: "another",
  };
  const client = request({ host: "127.0.0.1", port, method: "POST", path: url, headers });
  client.on("error", () => {});
  client.flushHeaders();
  const [answer] = (await once(client, "response")) as [{ statusCode: number }];
  expect(answer.statusCode).toBe(401);
  client.destroy();
});
