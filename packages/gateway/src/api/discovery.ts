import * as z from "zod";
import { component } from "./components.ts";
import { openEndpoint } from "./endpoint.ts";
import { ApiProblem } from "./problems.ts";

/** The path of the protected resource's metadata (RFC 9728, section 3). */
export const resourceMetadataPath = "/.well-known/oauth-protected-resource";

/** Metadata of a protected resource. */
export const resourceSchema = component(
  "ProtectedResource",
  z.object({
    resource: z.string(),
    authorization_servers: z.array(z.string()),
    bearer_methods_supported: z.array(z.string()),
    resource_name: z.string(),
  }),
);

/** Where a client gets its tokens (RFC 9728). */
export const getProtectedResource = openEndpoint({
  id: "GET /.well-known/oauth-protected-resource",
  operationId: "protectedResource",
  summary: "Which authorization servers issue tokens for this gateway (RFC 9728)",
  answers: { 200: { description: "Metadata", schema: resourceSchema } },
  handle: ({ services }) => ({
    status: 200,
    body: {
      resource: services.url,
      authorization_servers: services.issuers,
      bearer_methods_supported: ["header"],
      resource_name: "Mayfly",
    },
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
