import { type EndpointId, mayCall, roleTable } from "../roles.ts";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Credential } from "../../gate/web/credential.ts";
import type { Principal } from "../../identity/principal.ts";
import { requesterKey } from "../../kernel/requester.ts";
import type { Endpoint, Head } from "../contract/endpoint.ts";
import { ApiProblem, asProblem } from "../contract/problems.ts";
import { tooManyRequests } from "../contract/replies.ts";
import type { ApiServices } from "../services.ts";
import { authenticate, type Caller, credentialOf, whoCalls } from "./authenticate.ts";
import type { LimitedRecorder } from "./limited-records.ts";
import { createProvenHolder } from "./proven-holder.ts";
import type { RateLimits } from "./rate-limits.ts";
import { mayScrape } from "./scrape.ts";

/** Where a grant's secret will do in the place of a token. */
const LEASE_ENDPOINT: EndpointId = "POST /v1/grants/{id}/lease";

export interface AdmissionParts {
  readonly services: ApiServices;
  readonly limits: Pick<RateLimits, "principals" | "renewals">;
  readonly record: LimitedRecorder;
  readonly headOf: (request: FastifyRequest) => Head;
}

/** Who calls, and whether they may call this endpoint. */
export interface Admission {
  /** Lets a request through to its endpoint, or throws. */
  admit(endpoint: Endpoint, request: FastifyRequest, reply: FastifyReply): Promise<void>;
  /** Who calls now, of a request that was let through before and is still being answered. */
  admitAgain(endpoint: Endpoint, request: FastifyRequest): Promise<Principal>;
  /** Who was let through; undefined for an open endpoint. */
  callerOf(request: FastifyRequest): Caller | undefined;
  credentialOf(request: FastifyRequest): Credential | undefined;
}

export function createAdmission({ services, limits, record, headOf }: AdmissionParts): Admission {
  const provenHolder = createProvenHolder(services);
  const callers = new WeakMap<FastifyRequest, Caller>();
  /** Read once a request: the proof of a bound token is used up by the first look at it. */
  const credentials = new WeakMap<FastifyRequest, Credential>();

  function readCredential(request: FastifyRequest, bearerOnly: string | undefined): Credential {
    const known = credentials.get(request);
    if (known !== undefined) return known;
    const { rawHeaders, url: target = "" } = request.raw;
    const read = credentialOf({ method: request.method, target, rawHeaders }, services.url, bearerOnly);
    credentials.set(request, read);
    return read;
  }

  async function identify(endpoint: Endpoint, request: FastifyRequest, use: boolean): Promise<Caller> {
    const { introspect = false, sessionOnly = false, bearerOnly } = endpoint;
    if (endpoint.id === LEASE_ENDPOINT) {
      const { id = "" } = request.params as { readonly id?: string };
      const proven = await provenHolder(request.headers.authorization, id, request.clientAddress);
      if (proven !== undefined) return { verified: proven };
    }
    const { identity, url } = services;
    const credential = (): Credential => readCredential(request, bearerOnly);
    if (bearerOnly !== undefined)
      return { verified: await authenticate(identity, url, credential(), introspect, bearerOnly) };
    const asked = { introspect, use, sessionOnly };
    const { method, raw } = request;
    return whoCalls(services, { method, rawHeaders: raw.rawHeaders }, credential, asked);
  }

  async function identifyOrRecord(endpoint: Endpoint, request: FastifyRequest): Promise<Caller> {
    try {
      return await identify(endpoint, request, true);
    } catch (thrown) {
      const { status, code } = asProblem(thrown, request.id);
      // Nothing was shown, a browser's session ran out, or a proof lacks a nonce: nobody tried to be somebody.
      const harmless = code === "token_missing" || code === "not_signed_in" || code === "proof_nonce";
      if ((status === 401 && !harmless) || code === "csrf") {
        const detail = { protocol: "https", address: request.clientAddress, endpoint: endpoint.id, code };
        record(request.clientAddress, { type: "authentication.refused", detail });
      }
      throw thrown;
    }
  }

  return {
    async admit(endpoint, request, reply) {
      if (endpoint.open) {
        endpoint.beforeBody?.(headOf(request));
        return;
      }
      const { clientAddress, headers } = request;
      if (endpoint.id === "GET /metrics" && mayScrape(clientAddress, headers, services.scrapeToken?.()))
        return;
      const caller = await identifyOrRecord(endpoint, request);
      callers.set(request, caller);
      const shown = credentials.get(request)?.shown;
      const nonce = shown && services.dpop?.nonceFor(shown);
      if (nonce !== undefined) reply.header("dpop-nonce", nonce);
      const { principal } = caller.verified;
      const bucket = endpoint.id === LEASE_ENDPOINT ? limits.renewals : limits.principals;
      const wait = bucket.consume(requesterKey(principal));
      if (wait > 0) throw tooManyRequests(principal.name, wait);
      requireRole(endpoint, principal);
    },
    async admitAgain(endpoint, request) {
      const { principal } = (await identify(endpoint, request, false)).verified;
      requireRole(endpoint, principal);
      return principal;
    },
    callerOf: (request) => callers.get(request),
    credentialOf: (request) => credentials.get(request),
  };
}

/** @throws ApiProblem role_required */
function requireRole(endpoint: Endpoint, principal: Principal): void {
  if (mayCall(endpoint.id, principal)) return;
  const row: readonly string[] | "open" = roleTable[endpoint.id];
  throw new ApiProblem(
    "role_required",
    403,
    row.includes("person")
      ? `this is for people; ${principal.name} is an agent`
      : `this takes the role ${row === "open" ? "" : row.join(" or ")}, which ${principal.name} does not have`,
    principal.kind === "agent"
      ? "an agent never has a role: log in as a person who has it"
      : "roles come from the groups that identity.roles names in the configuration",
  );
}
