import { randomUUID } from "node:crypto";
import { STATUS_CODES } from "node:http";
import {
  fastify,
  LogController,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from "fastify";
import { HEADERS_MS, SILENCE_MS } from "../gate/bounds.ts";
import { addressKey } from "../gate/places.ts";
import { type Principal, principalKey } from "../identity/principal.ts";
import { tokenBuckets } from "../kernel/buckets.ts";
import { type MayflyError, messageOf } from "../kernel/errors.ts";
import { authenticate, type Caller, whoCalls, withChallenge } from "./authenticate.ts";
import { noSuchPage } from "./console.ts";
import type { Answer, Endpoint, OpenCall, StreamKind } from "./endpoint.ts";
import { endpoints } from "./endpoints.ts";
import { formType, parseForm, ParsedForm } from "./forms.ts";
import { isLocalScrape } from "./health.ts";
import { checkHeaders, parsePart } from "./inputs.ts";
import { parseJson } from "./json.ts";
import { limitedRecorder } from "./limited-records.ts";
import { defaultLimits, openCounter, type OpenCounter } from "./limits.ts";
import { ApiProblem, asProblem, problemBody, problemType } from "./problems.ts";
import { mayCall, roleTable } from "./roles.ts";
import { securityHeaders } from "./security-headers.ts";
import type { ApiServices } from "./services.ts";

/** The largest body, bytes. */
const bodyLimit = 65_536;
/** How long a client may take to read why its bytes were no request, milliseconds. */
const farewell = 1000;

/**
 * Makes the API. `main` listens with it; it holds no state but its bounds. The steps of a request, in order: is
 * the address within its bound, are the headers unambiguous, is the token good, is the principal within its
 * bound, has it the role, are the inputs valid; then the handler; then the answer passes its schema.
 */
export function createApi(given: ApiServices): FastifyInstance {
  const services = { ...given, url: given.url.replace(/\/+$/, "") };
  const limits = { ...defaultLimits, ...services.limits };
  const addresses = tokenBuckets(services.clock, limits.addressRate, limits.addressBurst, limits.remembered);
  const principals = tokenBuckets(
    services.clock,
    limits.principalRate,
    limits.principalBurst,
    limits.remembered,
  );
  const polls = openCounter(limits.pollsPerPrincipal, limits.polls);
  const streams: Readonly<Record<StreamKind, OpenCounter>> = {
    events: openCounter(limits.eventsPerPrincipal, limits.events),
    export: openCounter(limits.exportsPerPrincipal, limits.exports),
  };
  const signIns = tokenBuckets(services.clock, limits.signInRate, limits.signInBurst, limits.remembered);
  const record = limitedRecorder(services.log, services.clock);
  const always = Object.entries(securityHeaders(services.url));
  const stopping = new AbortController();
  const callers = new WeakMap<FastifyRequest, Caller>();

  const app = fastify({
    loggerInstance: services.logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit,
    requestTimeout: 30_000,
    keepAliveTimeout: 72_000,
    connectionTimeout: SILENCE_MS,
    exposeHeadRoutes: false,
    forceCloseConnections: "idle",
    genReqId: () => randomUUID(),
    routerOptions: { maxParamLength: 100 },
    clientErrorHandler(error, socket) {
      const status = unreadableStatus(error.code);
      // Before TLS is up nothing can be answered, and a write would wait for the handshake as long as the client likes.
      if (status === undefined || !socket.writable) {
        socket.destroy();
        return;
      }
      const body = JSON.stringify(problemBody(asProblem({ statusCode: status, code: "" }, "")));
      socket.end(
        `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: ${problemType}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
      );
      // Whoever does not read the answer, or does not close, is cut.
      services.clock.schedule(farewell, () => socket.destroy());
    },
    frameworkErrors: (error, request, reply) => {
      sendProblem(reply, asProblem(error, request.id));
    },
    ...(services.serverFactory === undefined ? {} : { serverFactory: services.serverFactory }),
  });
  // Set here too: a server from a factory does not get them from Fastify.
  app.server.headersTimeout = HEADERS_MS;
  app.server.requestTimeout = 30_000;
  app.server.keepAliveTimeout = 72_000;
  app.server.maxRequestsPerSocket = 10_000;
  app.server.timeout = SILENCE_MS;

  app.addHook("preClose", (done) => {
    stopping.abort();
    done();
  });

  app.removeAllContentTypeParsers();
  const asBytes = new Set(endpoints.filter(({ bytes }) => bytes === true).map(({ id }) => id.split(" ")[1]));
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (request, body, done) => {
    try {
      const bytes = typeof body === "string" ? Buffer.from(body) : body;
      if (asBytes.has(request.routeOptions.url)) {
        done(null, bytes);
        return;
      }
      done(null, bytes.length === 0 ? undefined : parseJson(bytes));
    } catch (thrown) {
      done(thrown instanceof Error ? thrown : new Error(messageOf(thrown)));
    }
  });

  app.addContentTypeParser(formType, { parseAs: "buffer" }, (_request, body, done) => {
    try {
      done(null, parseForm(body));
    } catch (thrown) {
      done(thrown instanceof Error ? thrown : new Error(messageOf(thrown)));
    }
  });

  app.addHook("onRequest", async (request, reply) => {
    for (const [name, value] of always) reply.header(name, value);
    const wait = addresses.take(addressKey(request.ip));
    if (wait > 0) throw tooMany("this address", wait);
    checkHeaders(request);
  });

  app.addHook("onResponse", async (request, reply) => {
    const principal = callers.get(request)?.verified.principal;
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

  app.setErrorHandler((thrown, request, reply) => {
    const problem = withChallenge(asProblem(thrown, request.id), services.url, services.people.methods);
    if (problem.status >= 500)
      services.logger.error(
        { id: request.id, code: problem.code, error: messageOf(thrown) },
        "request failed",
      );
    sendProblem(reply, problem);
  });

  const paths = pathTable();
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split("?")[0] ?? "";
    const allowed = paths.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
    const page = allowed.length === 0 ? noSuchPage(request.method, path, request.headers) : undefined;
    if (page !== undefined) {
      reply
        .code(404)
        .headers(page.headers)
        .type(page.mediaType ?? "text/html")
        .send(page.body);
      return;
    }
    if (allowed.length === 0) {
      sendProblem(
        reply,
        new ApiProblem("not_found", 404, "there is nothing here", "GET /openapi.json lists every endpoint"),
      );
      return;
    }
    const allow = allowed.join(", ");
    sendProblem(
      reply,
      new ApiProblem(
        "method_not_allowed",
        405,
        `${request.method} is not something this path can do`,
        `it takes ${allow}`,
        {
          headers: { allow },
        },
      ),
    );
  });

  /** Lets a request through to its endpoint, or throws. */
  async function admit(endpoint: Endpoint, request: FastifyRequest): Promise<void> {
    if (endpoint.open) return;
    if (
      endpoint.id === "GET /metrics" &&
      isLocalScrape(request.ip, request.headers) &&
      request.headers.authorization === undefined
    ) {
      return;
    }
    let caller: Caller;
    try {
      caller = await callerOf(endpoint, request, true);
    } catch (thrown) {
      const { status, code } = asProblem(thrown, request.id);
      // Nothing was shown, or a browser's session ran out: nobody tried to be somebody.
      const harmless = code === "token_missing" || code === "not_signed_in";
      if ((status === 401 && !harmless) || code === "csrf") {
        const detail = { protocol: "https", address: request.ip, endpoint: endpoint.id, code };
        record(request.ip, { type: "authentication.refused", detail });
      }
      throw thrown;
    }
    callers.set(request, caller);
    const { principal } = caller.verified;
    const wait = principals.take(principalKey(principal));
    if (wait > 0) throw tooMany(principal.name, wait);
    requireRole(endpoint, principal);
  }

  async function callerOf(endpoint: Endpoint, request: FastifyRequest, use: boolean): Promise<Caller> {
    const { introspect = false, sessionOnly = false, bearerOnly } = endpoint;
    const { method, raw } = request;
    if (bearerOnly !== undefined) {
      const { identity, url } = services;
      return { verified: await authenticate(identity, url, raw.rawHeaders, introspect, bearerOnly) };
    }
    return whoCalls(services, { method, rawHeaders: raw.rawHeaders }, { introspect, use, sessionOnly });
  }

  /** Who calls now, of a request that was let through before and is still being answered. */
  async function admitAgain(endpoint: Endpoint, request: FastifyRequest): Promise<Principal> {
    const { principal } = (await callerOf(endpoint, request, false)).verified;
    requireRole(endpoint, principal);
    return principal;
  }

  async function answer(endpoint: Endpoint, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (endpoint.body === undefined && request.body !== undefined && request.body !== null) {
      throw new ApiProblem("body_not_allowed", 400, `${endpoint.id} takes no body`, "send none");
    }
    const form = request.body instanceof ParsedForm ? request.body : undefined;
    if (
      request.body !== undefined &&
      request.body !== null &&
      (form !== undefined) !== (endpoint.form === true)
    ) {
      throw new ApiProblem(
        "unsupported_media_type",
        415,
        "the body's content type is not what this endpoint takes",
        endpoint.form === true ? `send content-type: ${formType}` : "send content-type: application/json",
      );
    }
    const gone = new AbortController();
    reply.raw.once("close", () => gone.abort());
    const caller = callers.get(request);
    const who = caller?.verified;
    const call: OpenCall = {
      services,
      params: parsePart("path", endpoint.params, request.params),
      query: parsePart("query", endpoint.query, request.query),
      headers: parsePart("headers", endpoint.headers, request.headers),
      body: parsePart("body", endpoint.body, form === undefined ? request.body : form.fields),
      ...(form === undefined ? {} : { raw: form.text }),
      rawHeaders: request.raw.rawHeaders,
      takeSignIn: () => signIns.take(addressKey(request.ip)) === 0,
      recordRefusal: (refusal) => record(request.ip, refusal),
      address: request.ip,
      signal: AbortSignal.any([gone.signal, stopping.signal]),
      startPoll() {
        const end = polls.enter(who === undefined ? "" : principalKey(who.principal));
        if (end === undefined) {
          throw new ApiProblem(
            "too_many_polls",
            429,
            "too many long polls are open",
            "end some, or ask without wait=",
            {
              headers: { "retry-after": "5" },
            },
          );
        }
        return end;
      },
      startStream(kind) {
        const end = streams[kind].enter(who === undefined ? "" : principalKey(who.principal));
        if (end === undefined) {
          throw new ApiProblem(
            "too_many_streams",
            429,
            `too many of these streams (${kind}) are open`,
            "end some, or try again in a moment",
            { headers: { "retry-after": "5" } },
          );
        }
        return end;
      },
    };
    let result: Answer;
    if (endpoint.open) result = await endpoint.handle(call);
    else if (who !== undefined) {
      result = await endpoint.handle({
        ...call,
        principal: who.principal,
        verified: who,
        ...(caller?.session === undefined ? {} : { session: caller.session }),
        tokenExpiresAt: who.expiresAt,
        again: () => admitAgain(endpoint, request),
      });
    } else if (endpoint.id === "GET /metrics") {
      result = { status: 200, body: await services.metrics() };
    } else throw new Error("an endpoint was reached without a principal");
    const spec = endpoint.answers[result.status];
    if (spec === undefined)
      throw new Error(`${endpoint.id} answered ${result.status}, which it does not declare`);
    if (spec.schema === undefined) {
      await reply
        .code(result.status)
        .headers(result.headers ?? {})
        .send();
      return;
    }
    if (result.stream !== undefined) {
      reply.code(result.status).headers(result.headers ?? {});
      await reply.type(result.mediaType ?? spec.mediaType ?? "application/octet-stream").send(result.stream);
      return;
    }
    const body: unknown = spec.schema.parse(result.body);
    reply.code(result.status).headers(result.headers ?? {});
    const mediaType = result.mediaType ?? spec.mediaType;
    if (mediaType === undefined)
      await reply.type("application/json; charset=utf-8").send(JSON.stringify(body));
    else await reply.type(mediaType).send(body);
  }

  for (const endpoint of endpoints) {
    if (endpoint.open !== (roleTable[endpoint.id] === "open"))
      throw new Error(`${endpoint.id} contradicts its row`);
    const [method = "", path = ""] = endpoint.id.split(" ");
    app.route({
      method,
      url: path.replaceAll(/\{(\w+)\}/g, ":$1"),
      ...(endpoint.bodyLimit === undefined ? {} : { bodyLimit: endpoint.bodyLimit }),
      onRequest: (request) => admit(endpoint, request),
      handler: async (request, reply) => {
        await answer(endpoint, request, reply);
        return reply;
      },
    });
  }
  return app;
}

/** @throws ApiProblem role_required */
function requireRole(endpoint: Endpoint, principal: Principal): void {
  if (mayCall(endpoint.id, principal)) return;
  const row: readonly string[] | "open" = roleTable[endpoint.id];
  throw new ApiProblem(
    "role_required",
    403,
    `${endpoint.id} is for ${row === "open" ? "everyone" : row.join(" or ")}, which ${principal.name} is not`,
    "roles come from the groups that identity.roles names in the configuration; an agent never has one",
  );
}

/** The status for bytes that are no request, by Node's code; undefined for the faults of a connection. */
function unreadableStatus(code: string): 400 | 408 | 431 | undefined {
  if (code === "HPE_HEADER_OVERFLOW") return 431;
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return 408;
  return code.startsWith("HPE_") ? 400 : undefined;
}

function tooMany(whose: string, ms: number): ApiProblem {
  const seconds = Math.max(1, Math.ceil(ms / 1000));
  return new ApiProblem(
    "too_many_requests",
    429,
    `too many requests from ${whose}`,
    `try again in ${seconds} s`,
    {
      headers: { "retry-after": String(seconds) },
    },
  );
}

function sendProblem(reply: FastifyReply, problem: MayflyError): void {
  if (problem instanceof ApiProblem) reply.headers(problem.headers);
  if (problem.status === 503) reply.header("retry-after", "5");
  reply
    .code(problem.status)
    .type(problemType)
    .send(JSON.stringify(problemBody(problem)));
}

function pathTable(): { readonly method: string; readonly pattern: RegExp }[] {
  return endpoints.map(({ id }) => {
    const [method = "", path = ""] = id.split(" ");
    const source = path.replaceAll(".", String.raw`\.`).replaceAll(/\{\w+\}/g, "[^/]+");
    return { method, pattern: new RegExp(`^${source}$`) };
  });
}
