import type { FastifyReply, FastifyRequest } from "fastify";
import { addressKey, type Places } from "../gate/limits/places.ts";
import { requesterKey } from "../kernel/requester.ts";
import type { Admission } from "./admission/admit.ts";
import type { Caller } from "./admission/authenticate.ts";
import type { RateLimits } from "./admission/rate-limits.ts";
import type { EndpointResponse, Endpoint, Head, OpenCall } from "./contract/endpoint.ts";
import { ParsedForm } from "./contract/forms.ts";
import { parsePart } from "./contract/inputs.ts";
import { ApiProblem } from "./contract/problems.ts";
import { unsupportedMediaType } from "./contract/replies.ts";
import type { ApiServices } from "./services.ts";

export interface DispatchParts {
  readonly services: ApiServices;
  readonly limits: RateLimits;
  readonly admission: Admission;
  readonly headOf: (request: FastifyRequest) => Head;
  readonly bodyDigestOf: (request: FastifyRequest) => string | undefined;
  /** Aborts when the gateway stops. */
  readonly stopping: AbortSignal;
}

/** Makes the way of an admitted request: its inputs are validated, its handler called, and the answer passes its schema. */
export function createDispatch(
  parts: DispatchParts,
): (endpoint: Endpoint, request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  return async (endpoint, request, reply) => {
    const form = formOf(endpoint, request.body);
    const gone = new AbortController();
    reply.raw.once("close", () => {
      if (!reply.raw.writableEnded) gone.abort();
    });
    const caller = parts.admission.callerOf(request);
    const call = callOf(parts, endpoint, request, form, caller, gone.signal);
    await send(endpoint, reply, await handle(parts, endpoint, request, call, caller));
  };
}

/** The form that the body is, where it is one. @throws ApiProblem for a body that the endpoint does not take */
function formOf(endpoint: Endpoint, body: unknown): ParsedForm | undefined {
  if (body === undefined || body === null) return undefined;
  if (endpoint.body === undefined) {
    throw new ApiProblem("body_not_allowed", 400, `${endpoint.id} takes no body`, "send none");
  }
  const form = body instanceof ParsedForm ? body : undefined;
  if ((form !== undefined) !== (endpoint.form === true)) throw unsupportedMediaType(endpoint.form === true);
  return form;
}

/** @throws ApiProblem for inputs that do not pass the endpoint's schemas */
function callOf(
  parts: DispatchParts,
  endpoint: Endpoint,
  request: FastifyRequest,
  form: ParsedForm | undefined,
  caller: Caller | undefined,
  gone: AbortSignal,
): OpenCall {
  const { limits } = parts;
  const bodyDigest = parts.bodyDigestOf(request);
  const holder = (): string => (caller === undefined ? "" : requesterKey(caller.verified.principal));
  return {
    ...parts.headOf(request),
    params: parsePart("path", endpoint.params, request.params),
    query: parsePart("query", endpoint.query, request.query),
    headers: parsePart("headers", endpoint.headers, request.headers),
    body: parsePart("body", endpoint.body, form === undefined ? request.body : form.fields),
    ...(form === undefined ? {} : { raw: form.text }),
    ...(bodyDigest === undefined ? {} : { bodyDigest }),
    credential: parts.admission.credentialOf(request),
    takeSignIn: () => limits.signIns.consume(addressKey(request.clientAddress)) === 0,
    takeRegistration: () => limits.registrations.consume(addressKey(request.clientAddress)),
    giveSignal: () => limits.signals.release(addressKey(request.clientAddress)),
    signal: AbortSignal.any([gone, parts.stopping]),
    startPoll: () =>
      placeOf(
        limits.polls,
        holder(),
        "too_many_polls",
        "too many long polls are open",
        "end some, or ask without wait=",
      ),
    startStream: (kind) =>
      placeOf(
        limits.streams[kind],
        holder(),
        "too_many_streams",
        `too many of these streams (${kind}) are open`,
        "end some, or try again in a moment",
      ),
  };
}

/** Takes a place. @returns the function that gives it back. @throws ApiProblem 429 when there is none left */
function placeOf(
  places: Places,
  holder: string,
  code: "too_many_polls" | "too_many_streams",
  message: string,
  hint: string,
): () => void {
  const end = places.acquire(holder);
  if (end === undefined) throw new ApiProblem(code, 429, message, hint, { headers: { "retry-after": "5" } });
  return end;
}

async function handle(
  { services, admission }: DispatchParts,
  endpoint: Endpoint,
  request: FastifyRequest,
  call: OpenCall,
  caller: Caller | undefined,
): Promise<EndpointResponse> {
  if (endpoint.open) return endpoint.handle(call);
  if (caller !== undefined) {
    const { verified, session } = caller;
    return endpoint.handle({
      ...call,
      principal: verified.principal,
      verified,
      ...(session === undefined ? {} : { session }),
      tokenExpiresAt: verified.expiresAt,
      again: () => admission.admitAgain(endpoint, request),
    });
  }
  if (endpoint.id === "GET /metrics") return { status: 200, body: await services.metrics() };
  throw new Error("an endpoint was reached without a principal");
}

/** Sends an answer as its endpoint declares it; one that it does not declare is a fault. */
async function send(endpoint: Endpoint, reply: FastifyReply, result: EndpointResponse): Promise<void> {
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
  if (mediaType === undefined) await reply.type("application/json; charset=utf-8").send(JSON.stringify(body));
  else await reply.type(mediaType).send(body);
}
