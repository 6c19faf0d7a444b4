import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import { connect as connectHttp2 } from "node:http2";
import type { AddressInfo } from "node:net";
import { createSecureContext } from "node:tls";
import type { FastifyInstance } from "fastify";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createApi } from "../../api/server.ts";
import { fakes } from "../../api/testing/fakes.ts";
import { makeCertificate } from "../../configuration/testing/certificate.ts";
import type { Gate } from "../../gate/gate.ts";
import type { WebHandler } from "../../gate/web/handler.ts";
import { problem } from "../../gate/web/problem.ts";
import { createRouter, send } from "../../gate/web/router.ts";
import { createConnectionPlaces } from "./connection-places.ts";
import { httpsServer, type HttpsServer } from "./https.ts";

let api: FastifyInstance;
let https: HttpsServer;
let port: number;
/** A request has arrived that is answered when this is called. */
let arrived: Promise<() => void>;

beforeEach(async () => {
  const { certificate, key } = await makeCertificate();
  const limits = {
    connections: 10,
    connectionsPerAddress: 10,
    sessionsPerGrant: 1,
    sessionsPerPrincipal: 1,
    handshake: 60_000,
    messageBytes: 1024,
    statementBytes: 1024,
    pendingPerPrincipal: 1,
    actsPerSecond: 5000,
    recordBytesPerSecond: 2_097_152,
  };
  const places = createConnectionPlaces(
    () => limits,
    () => undefined,
  );
  let arrive: (answer: () => void) => void;
  arrived = new Promise((resolve) => (arrive = resolve));
  const held: WebHandler<never, unknown> = {
    async request({ response }) {
      await new Promise<void>((resolve) => arrive(resolve));
      send(response, problem({ status: 200, code: "held", detail: "answered" }));
    },
  };
  const router = createRouter(
    [{ kind: "held", handler: held, gate: {} as Gate<never, unknown> }],
    "https://mayfly.test",
    () => undefined,
  );
  https = httpsServer(
    { certificate, key, context: createSecureContext({ cert: certificate, key }) },
    places,
    60_000,
    router,
  );
  api = createApi(fakes({ serverFactory: https.factory }).services);
  await api.listen({ host: "127.0.0.1", port: 0 });
  ({ port } = api.server.address() as AddressInfo);
});
afterEach(async () => {
  https.close();
  api.server.closeAllConnections();
  await api.close();
});

/** Asks on a kept connection. @returns what the answer says of that connection */
async function ask(agent: Agent): Promise<string | undefined> {
  const sent = request({ host: "127.0.0.1", port, path: "/healthz", agent }).end();
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  answer.resume();
  await once(answer, "end");
  return answer.headers.connection;
}

test("HTTP/1.1: each connection ends with its next answer; one on which nothing is under way, when it is told", async () => {
  const agents = [1, 2].map(() => new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false }));
  const [busy, idle] = agents as [Agent, Agent];
  expect([await ask(busy), await ask(idle)]).toEqual(["keep-alive", "keep-alive"]);
  const [kept] = Object.values(idle.freeSockets)[0] ?? [];
  https.leave();
  expect(await ask(busy)).toBe("close");
  expect(kept?.destroyed).toBe(false);
  https.closeIdle();
  if (kept !== undefined) await once(kept, "close");
  // Whoever comes anew is answered all the same.
  expect(await ask(busy)).toBe("close");
  for (const agent of agents) agent.destroy();
});

test("HTTP/2: a connection is told to go, and what is under way on it is answered", async () => {
  const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
  session.on("error", () => undefined);
  const stream = session.request({
    ":path": "/held/shop/",
    ":authority": "mayfly.test",
    authorization: "Bearer abc",
  });
  const answer = await arrived;
  const told = once(session, "goaway");
  https.leave();
  expect((await told)[0]).toBe(0);
  const answered = once(stream, "response");
  answer();
  expect((await answered)[0]).toMatchObject({ ":status": 200 });
  stream.resume();
  await once(session, "close");
});
