import type { FastifyInstance, FastifyRequest } from "fastify";
import { addressKey } from "../gate/limits/places.ts";
import { messageOf } from "../kernel/errors.ts";
import { type Admission, createAdmission } from "./admission/admit.ts";
import { withChallenge } from "./admission/authenticate.ts";
import { clientAddressOf } from "./admission/client-address.ts";
import { limitedRecorder } from "./admission/limited-records.ts";
import { defaultLimits } from "./admission/limits.ts";
import { createRateLimits, type RateLimits } from "./admission/rate-limits.ts";
import { securityHeaders } from "./admission/security-headers.ts";
import { addBodyParsers } from "./contract/body-parsers.ts";
import type { Head } from "./contract/endpoint.ts";
import { checkHeaders } from "./contract/inputs.ts";
import { asProblem } from "./contract/problems.ts";
import { sendProblem, tooManyRequests } from "./contract/replies.ts";
import { createDispatch } from "./dispatch.ts";
import { endpoints } from "./endpoints.ts";
import { createHttpServer } from "./http-server.ts";
import { notFoundHandler } from "./not-found.ts";
import { roleTable } from "./roles.ts";
import type { ApiServices } from "./services.ts";

/**
 * Makes the API. `main` listens with it; it holds no state but its bounds. The steps of a request, in order: is
 * the address within its bound, are the headers unambiguous, is the token good, is the principal within its
 * bound, has it the role, are the inputs valid; then the handler; then the answer passes its schema.
 */
export function createApi(given: ApiServices): FastifyInstance {
  const services = withUrl(given, given.url.replace(/\/+$/, ""));
  const limits = createRateLimits(services.clock, { ...defaultLimits, ...services.limits });
  const record = limitedRecorder(services.log, services.clock);
  const stopping = new AbortController();
  const headOf = (request: FastifyRequest): Head => ({
    services,
    rawHeaders: request.raw.rawHeaders,
    address: request.clientAddress,
    takeSignal: () => limits.signals.consume(addressKey(request.clientAddress)),
    recordRefusal: (refusal) => record(request.clientAddress, refusal),
  });
  const admission = createAdmission({ services, limits, record, headOf });
  const app = createHttpServer(services);
  app.addHook("preClose", (done) => {
    stopping.abort();
    done();
  });
  const bodyDigestOf = addBodyParsers(app, endpoints);
  const parts = { services, limits, admission, headOf, bodyDigestOf };
  const dispatch = createDispatch({ ...parts, stopping: stopping.signal });
  addHooks(app, services, limits, admission);
  app.setErrorHandler((thrown, request, reply) => {
    const problem = withChallenge(asProblem(thrown, request.id), services.url, services.people.methods);
    if (problem.status >= 500)
      services.logger.error(
        { id: request.id, code: problem.code, error: messageOf(thrown) },
        "request failed",
      );
    sendProblem(reply, problem);
  });
  app.setNotFoundHandler(notFoundHandler(endpoints));

  for (const endpoint of endpoints) {
    if (endpoint.open !== (roleTable[endpoint.id] === "open"))
      throw new Error(`${endpoint.id} contradicts its row`);
    const [method = "", path = ""] = endpoint.id.split(" ");
    app.route({
      method,
      url: path.replaceAll(/\{(\w+)\}/g, ":$1"),
      ...(endpoint.bodyLimit === undefined ? {} : { bodyLimit: endpoint.bodyLimit }),
      onRequest: (request, reply) => admission.admit(endpoint, request, reply),
      handler: async (request, reply) => {
        await dispatch(endpoint, request, reply);
        return reply;
      },
    });
  }
  return app;
}

/** What is done for every request, whatever it asks for: the address's rate, the headers, and a line in the log. */
function addHooks(
  app: FastifyInstance,
  services: ApiServices,
  limits: RateLimits,
  admission: Admission,
): void {
  const always = Object.entries(securityHeaders(services.url));
  app.decorateRequest("clientAddress", "");
  app.addHook("onRequest", async (request, reply) => {
    const address = clientAddressOf(request.raw);
    if (address === undefined) {
      // Its connection is gone: nobody would read the answer.
      reply.hijack();
      reply.raw.destroy();
      return;
    }
    request.clientAddress = address;
    for (const [name, value] of always) reply.header(name, value);
    const wait = limits.addresses.consume(addressKey(request.clientAddress));
    if (wait > 0) throw tooManyRequests("this address", wait);
    checkHeaders(request);
  });
  app.addHook("onResponse", async (request, reply) => {
    const principal = admission.callerOf(request)?.verified.principal;
    services.logger.info(
      {
        id: request.id,
        method: request.method,
        route: request.routeOptions.url,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
        ...(principal === undefined ? {} : { principal: principal.name }),
      },
      "request",
    );
  });
}

/** The same services with another URL; what is read anew each time, because a reload changes it, still is. */
function withUrl(given: ApiServices, url: string): ApiServices {
  const members = Object.getOwnPropertyDescriptors(given);
  return Object.defineProperties({} as ApiServices, { ...members, url: { value: url, enumerable: true } });
}
