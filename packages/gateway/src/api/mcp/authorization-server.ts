import * as z from "zod";
import type { McpClients } from "../../identity/mcp-clients/mcp-clients.ts";
import { parseJson } from "../contract/json.ts";
import { type EndpointResponse, type OpenCall, openEndpoint } from "../contract/endpoint.ts";
import { ApiProblem } from "../contract/problems.ts";

// The provider is the authorization server. These documents stand in for its own because its registration endpoint wants
// an administrator: they lead to the provider's endpoints, and to a client that was made before.

/** The path of the registration endpoint (RFC 7591). */
export const registrationPath = "/oauth/register";

/** Read by pages too, such as the MCP inspector's: nothing in it is secret, and no cookie opens it. */
const forEverybody = { "access-control-allow-origin": "*" };

const metadataSchema = z.record(z.string(), z.union([z.string(), z.boolean(), z.array(z.string())]));

function clientsOf({ services }: OpenCall): McpClients {
  if (services.mcpClients !== undefined) return services.mcpClients;
  throw new ApiProblem(
    "not_found",
    404,
    "this gateway hands out no client",
    "ask its operator for a client id, or to configure identity.mcp_clients",
  );
}

async function metadataAnswer(call: OpenCall, path: "" | "/mcp"): Promise<EndpointResponse> {
  const body = await clientsOf(call).metadata(`${call.services.url}${path}`);
  return { status: 200, body, headers: forEverybody };
}

/** The provider's endpoints, with registration here. */
export const getAuthorizationServer = openEndpoint({
  id: "GET /.well-known/oauth-authorization-server",
  operationId: "authorizationServer",
  summary: "Where MCP clients get their tokens (RFC 8414)",
  browser: true,
  answers: { 200: { description: "Metadata", schema: metadataSchema } },
  handle: (call) => metadataAnswer(call, ""),
});

/** The same for clients that take the MCP endpoint's URL for the issuer (RFC 8414, section 3.1: the path is inserted). */
export const getMcpAuthorizationServer = openEndpoint({
  id: "GET /.well-known/oauth-authorization-server/mcp",
  operationId: "mcpAuthorizationServer",
  summary: "Where MCP clients get their tokens (RFC 8414)",
  browser: true,
  answers: { 200: { description: "Metadata", schema: metadataSchema } },
  handle: (call) => metadataAnswer(call, "/mcp"),
});

const registrationSchema = z.looseObject({});

/** Hands out the operator's public client. Anybody may ask: it is no secret, and by itself opens nothing. */
export const registerClient = openEndpoint({
  id: "POST /oauth/register",
  operationId: "registerClient",
  summary: "Hands out the client of MCP tools (RFC 7591)",
  browser: true,
  bytes: true,
  body: z.instanceof(Buffer).optional(),
  bodyLimit: 16_384,
  answers: {
    201: { description: "The client", schema: registrationSchema },
    400: { description: "Why there is none (RFC 7591, section 3.2.2)", schema: registrationSchema },
  },
  handle(call) {
    const clients = clientsOf(call);
    const wait = call.takeRegistration();
    if (wait > 0) {
      const seconds = Math.ceil(wait / 1000);
      throw new ApiProblem(
        "too_many_requests",
        429,
        "too many registrations from this address",
        `try again in ${seconds} s`,
        { headers: { "retry-after": String(seconds) } },
      );
    }
    const told = clients.register(bodyOf(call.body));
    return { status: "error" in told ? 400 : 201, body: told, headers: forEverybody };
  },
});

/** The body as JSON; undefined, which no client sends, where it is none: the refusal is in the protocol's own form. */
function bodyOf(bytes: Buffer | undefined): unknown {
  try {
    return bytes === undefined ? undefined : parseJson(bytes);
  } catch {
    return undefined;
  }
}
