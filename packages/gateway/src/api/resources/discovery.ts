import * as z from "zod";
import { proofAlgorithms } from "../../identity/tokens/algorithms.ts";
import { component } from "../contract/components.ts";
import { openEndpoint } from "../contract/endpoint.ts";
import { ApiProblem } from "../contract/problems.ts";
import type { ApiServices } from "../services.ts";

/** Metadata of a protected resource. */
export const resourceSchema = component(
  "ProtectedResource",
  z.object({
    resource: z.string(),
    authorization_servers: z.array(z.string()),
    scopes_supported: z.array(z.string()).optional(),
    bearer_methods_supported: z.array(z.string()),
    dpop_signing_alg_values_supported: z.array(z.string()).optional(),
    dpop_bound_access_tokens_required: z.boolean().optional(),
    resource_name: z.string(),
  }),
);

/**
 * The one document, wherever it is asked for. `resource` is the gateway's URL and nothing below it: it is what a client
 * asks a token for (RFC 8707), what Okta puts into `aud`, and what an administrator pastes into Okta, byte for byte. The
 * MCP endpoint and every connection lie below it, which is how MCP clients match it.
 */
export function protectedResource(services: ApiServices): z.input<typeof resourceSchema> {
  const { url, issuers, scopes, mcpClients, dpop } = services;
  return {
    resource: url,
    // Clients take the first: the one at which they can register, where there is one.
    authorization_servers: [...(mcpClients === undefined ? [] : [url]), ...issuers],
    ...(scopes.length === 0 ? {} : { scopes_supported: [...scopes] }),
    bearer_methods_supported: ["header"],
    ...(dpop === undefined
      ? {}
      : {
          dpop_signing_alg_values_supported: Object.keys(proofAlgorithms),
          dpop_bound_access_tokens_required: dpop.isRequired,
        }),
    resource_name: "Mayfly",
  };
}

/** Where a client gets its tokens (RFC 9728). */
export const getProtectedResource = openEndpoint({
  id: "GET /.well-known/oauth-protected-resource",
  operationId: "protectedResource",
  summary: "Which authorization servers issue tokens for this gateway (RFC 9728)",
  answers: { 200: { description: "Metadata", schema: resourceSchema } },
  handle: ({ services }) => ({
    status: 200,
    body: protectedResource(services),
    headers: { "access-control-allow-origin": "*" },
  }),
});

/** The gateway's own CA. */
export const getCa = openEndpoint({
  id: "GET /v1/ca",
  operationId: "ca",
  summary: "The certificate of the CA that the gateway made for itself, PEM",
  description: "Trust it only after comparing its fingerprint with the one that mayflyd printed.",
  answers: {
    200: { description: "A certificate", schema: z.string(), mediaType: "application/x-pem-file" },
  },
  handle({ services }) {
    if (services.ca === undefined) {
      throw new ApiProblem(
        "no_local_ca",
        404,
        "this gateway's certificate is not from a CA of its own",
        "trust the CA that your operator names, or your system's",
      );
    }
    return { status: 200, body: services.ca };
  },
});
